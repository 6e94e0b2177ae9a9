import type { CommandContext } from '../../cli.ts';
import { loadCluster } from '../../cluster/load-cluster.ts';
import { hasNamesake } from '../../pipeline/monitoring-inputs.ts';
import type { ApplyOptions } from '../session.ts';
import { openHosts } from '../session.ts';

/**
 * Brings the monitoring, where the cluster has one, to machines that have come or gone. It was agreed to with them; what is
 * told goes to standard error, so that the result of the command stays the only one.
 */
export async function followMonitoring(options: ApplyOptions, context: CommandContext): Promise<void> {
  if (!(await isMonitored(options, context))) return;
  const { terminal } = context;
  terminal.err('the monitoring follows\n');
  const { bringMonitoring } = await import('./up.ts');
  const aside: CommandContext = { ...context, terminal: { ...terminal, out: terminal.err } };
  await bringMonitoring({ ...options, json: false, yes: true }, aside);
}

async function isMonitored(options: ApplyOptions, context: CommandContext): Promise<boolean> {
  const [{ connectManager }, { listMonitoringServices }] = await Promise.all([
    import('../../swarm/connect-manager.ts'),
    import('../../pipeline/monitoring-layers.ts'),
  ]);
  const cluster = await loadCluster(options.file, context.cwd);
  if (hasNamesake(cluster)) return false;
  await using hosts = openHosts(cluster, context);
  const { engine } = await connectManager(cluster, hosts);
  return (await listMonitoringServices(engine)).length > 0;
}
