import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandContext } from '../../cli.ts';
import { type Cluster, monitoringStack } from '../../cluster/cluster.ts';
import { loadCluster } from '../../cluster/load-cluster.ts';
import { InterruptedError } from '../../errors.ts';
import { readTargets } from '../../monitoring/answers.ts';
import { neutralise } from '../../output/terminal.ts';
import { askPrometheus } from '../../pipeline/ask-prometheus.ts';
import { loadMonitoringInputs, refuseNamesake } from '../../pipeline/monitoring-inputs.ts';
import { createMonitoringLayers, listMonitoringServices } from '../../pipeline/monitoring-layers.ts';
import { createMonitoringRunner } from '../../pipeline/monitoring-runner.ts';
import { waitForTargets } from '../../pipeline/wait-for-targets.ts';
import type { Hosts } from '../../remote/host.ts';
import { connectManager } from '../../swarm/connect-manager.ts';
import { applyInputs } from '../apply-cluster.ts';
import type { MonitorUpOptions } from '../monitor.ts';
import { openHosts } from '../session.ts';

const grafanaService = `${monitoringStack}_grafana`;

/** `kawanan monitor up`: what it sets up the first time could have more. */
export async function startMonitoring(options: MonitorUpOptions, context: CommandContext): Promise<void> {
  const { isNew, grafana } = await bringMonitoring(options, context);
  if (isNew && !grafana && !options.json)
    context.terminal.err(
      'without Grafana, whose image comes from Docker Hub: --grafana adds it. kawanan monitor status shows what is seen\n',
    );
}

/**
 * Deploys the monitoring stack and sets the node exporters up, after asking; whether it wasn't there before, and whether
 * Grafana is part of it: where nothing is said of that, it stays if it is there.
 */
export async function bringMonitoring(
  options: MonitorUpOptions,
  context: CommandContext,
): Promise<{ isNew: boolean; grafana: boolean }> {
  const { cwd, env } = context;
  const startedAt = performance.now();
  const cluster = await loadCluster(options.file, cwd);
  refuseNamesake(cluster);
  await using hosts = openHosts(cluster, context);
  // The cluster itself is made by `up`; said at once rather than layer by layer.
  const { engine } = await connectManager(cluster, hosts);
  const before = await listMonitoringServices(engine);
  const grafana = options.grafana ?? before.some(({ Spec }) => Spec.Name === grafanaService);
  const inputs = await loadMonitoringInputs({ cluster, env, grafana });
  const request = {
    command: 'monitor up',
    build: createMonitoringLayers,
    unreachable: 'skip' as const,
    resolveImage: grafana ? ('changed' as const) : ('never' as const),
  };
  // Nothing that serves clients is touched, so nobody need watch them.
  const given = { inputs, hosts, startedAt };
  const changed = await applyInputs(given, { ...options, receipt: false }, request, context);
  if (changed) await tellTargets(inputs.cluster, hosts, context);
  return { isNew: before.length === 0, grafana };
}

/** Waits until all that is to be asked answers, and says so; what doesn't is no failure of what was deployed. */
async function tellTargets(
  cluster: Cluster,
  hosts: Hosts,
  { terminal, signal }: CommandContext,
): Promise<void> {
  terminal.err('waiting until Prometheus has asked everything\n');
  const { engine } = await connectManager(cluster, hosts);
  const runner = createMonitoringRunner(engine, hosts, signal);
  const pause = (): Promise<unknown> =>
    sleep(1_000, undefined, { signal }).catch(() => {
      throw new InterruptedError('interrupted while targets were waited for; all is deployed');
    });
  const targets = await waitForTargets(
    async () => readTargets(await askPrometheus(runner, '/api/v1/targets?state=active')),
    { looks: 60, pause },
  );
  const silent = targets.filter(({ state }) => state !== 'up');
  for (const { job, instance, error } of silent)
    terminal.err(
      `${terminal.colors.yellow('warning')} ${job} ${instance} does not answer yet: ${neutralise(error ?? 'not asked')}\n`,
    );
  terminal.err(`${targets.length - silent.length} of ${targets.length} targets up\n`);
}
