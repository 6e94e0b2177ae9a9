import type { CommandContext } from '../../cli.ts';
import { loadMonitoringInputs } from '../../pipeline/monitoring-inputs.ts';
import { createMonitoringLayers } from '../../pipeline/monitoring-layers.ts';
import { connectManager } from '../../swarm/connect-manager.ts';
import { applyInputs } from '../apply-cluster.ts';
import type { MonitorUpOptions } from '../monitor.ts';
import { openHosts } from '../session.ts';

/** Deploys the monitoring stack and sets the node exporters up, after asking. */
export async function startMonitoring(options: MonitorUpOptions, context: CommandContext): Promise<void> {
  const { terminal, cwd, env } = context;
  const startedAt = performance.now();
  const grafana = options.grafana ?? false;
  const inputs = await loadMonitoringInputs({ ...options, cwd, env, grafana });
  await using hosts = openHosts(inputs.cluster, context);
  // The cluster itself is made by `up`; said at once rather than layer by layer.
  await connectManager(inputs.cluster, hosts);
  const request = {
    command: 'monitor up',
    build: createMonitoringLayers,
    unreachable: 'skip' as const,
    resolveImage: grafana ? ('changed' as const) : ('never' as const),
  };
  // Nothing that serves clients is touched, so nobody need watch them.
  await applyInputs({ inputs, hosts, startedAt }, { ...options, receipt: false }, request, context);
  if (!options.json && !grafana)
    terminal.err(
      'without Grafana, whose image comes from Docker Hub: --grafana adds it. kawanan monitor status shows what is seen\n',
    );
}
