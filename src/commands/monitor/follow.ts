import type { CommandContext } from '../../cli.ts';
import { monitoringStack } from '../../cluster/cluster.ts';
import { loadCluster } from '../../cluster/load-cluster.ts';
import type { ApplyOptions } from '../session.ts';
import { openHosts } from '../session.ts';

/**
 * Brings the monitoring, where the cluster has one, to machines that have come or gone. It was agreed to with them; what is
 * told goes to standard error, so that the result of the command stays the only one.
 */
export async function followMonitoring(options: ApplyOptions, context: CommandContext): Promise<void> {
  const services = await listMonitoringServices(options, context);
  if (services.length === 0) return;
  const { terminal } = context;
  terminal.err('the monitoring follows\n');
  const { startMonitoring } = await import('./up.ts');
  const grafana = services.includes(`${monitoringStack}_grafana`);
  const aside: CommandContext = { ...context, terminal: { ...terminal, out: terminal.err } };
  await startMonitoring({ ...options, json: false, yes: true, grafana }, aside);
}

async function listMonitoringServices(options: ApplyOptions, context: CommandContext): Promise<string[]> {
  const [{ connectManager }, { listStackServices }] = await Promise.all([
    import('../../swarm/connect-manager.ts'),
    import('../../stack/observe.ts'),
  ]);
  const cluster = await loadCluster(options.file, context.cwd);
  await using hosts = openHosts(cluster, context);
  const { engine } = await connectManager(cluster, hosts);
  return (await listStackServices(engine, monitoringStack)).map(({ Spec }) => Spec.Name);
}
