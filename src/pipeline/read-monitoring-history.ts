/** The last hour of a cluster, from its Prometheus. */
import type { Cluster } from '../cluster/cluster.ts';
import { type HistoryQuery, historyQueries, readRange, renderRangeForm } from '../monitoring/history.ts';
import { selectOurs } from '../monitoring/our-services.ts';
import type { Hosts } from '../remote/host.ts';
import { connectManager } from '../swarm/connect-manager.ts';
import { askPrometheus } from './ask-prometheus.ts';
import { createMonitoringRunner } from './monitoring-runner.ts';

export interface HistoryChart extends Omit<HistoryQuery, 'expr'> {
  /** Oldest first, one a step of `historyStepSeconds`; null where there was nothing. */
  points: (number | null)[];
}

/**
 * The charts that have something to show; none where the cluster isn't monitored.
 *
 * @throws UserError where no manager or no Prometheus answers.
 */
export async function readMonitoringHistory(
  cluster: Cluster,
  hosts: Hosts,
  { signal, nowMs }: { signal: AbortSignal; nowMs: number },
): Promise<HistoryChart[]> {
  const { engine } = await connectManager(cluster, hosts);
  const runner = createMonitoringRunner(engine, hosts, signal);
  if (selectOurs((await runner.read()).services).length === 0) return [];
  const endSeconds = Math.floor(nowMs / 1000);
  const charts: HistoryChart[] = [];
  // One after the other: each is a program in the container, and nobody waits for them.
  for (const { expr, ...chart } of historyQueries) {
    const data = await askPrometheus(runner, '/api/v1/query_range', renderRangeForm(expr, endSeconds));
    const points = readRange(data, endSeconds);
    if (points.some((point) => point !== null)) charts.push({ ...chart, points });
  }
  return charts;
}
