import type { CommandContext } from '../../cli.ts';
import { loadCluster } from '../../cluster/load-cluster.ts';
import { describeMonitoringRemoval, refuseNamesake } from '../../pipeline/monitoring-inputs.ts';
import { createMonitoringLayers } from '../../pipeline/monitoring-layers.ts';
import type { MonitorDownOptions } from '../monitor.ts';
import { openHosts } from '../session.ts';
import { takeLayersDown } from '../take-down.ts';

/** Removes the monitoring stack, its history and the node exporters, after asking. */
export async function stopMonitoring(options: MonitorDownOptions, context: CommandContext): Promise<void> {
  const startedAt = performance.now();
  const { cwd, env } = context;
  const cluster = await loadCluster(options.file, cwd);
  refuseNamesake(cluster);
  const inputs = describeMonitoringRemoval({ cluster, env });
  await using hosts = openHosts(inputs.cluster, context);
  const layers = await createMonitoringLayers(inputs, hosts, { unreachable: 'skip' });
  const removal = { volumes: !(options.keepHistory ?? false) };
  const target = { cluster: inputs.cluster, hosts, command: 'monitor down', options };
  await takeLayersDown({ layers, removal, target, startedAt }, context);
}
