/** The node exporters of all machines, balancers included: a layer of its own, which only `kawanan monitor` plans. */
import type { Cluster } from '../cluster/cluster.ts';
import type { Layer } from '../plan/layer.ts';
import type { Hosts } from '../remote/host.ts';
import { applyExporterChange, type ExporterTools } from './apply.ts';
import type { ExporterAction, ExportersObserved } from './exporters.ts';
import { observeExporters } from './observe.ts';
import { planExporterRemoval, planExporters } from './plan.ts';

export function createExportersLayer(
  cluster: Cluster,
  hosts: Hosts,
  tools: ExporterTools,
): Layer<ExportersObserved, ExporterAction> {
  return {
    name: 'exporters',
    observe: async () => {
      const [nodes, password] = await Promise.all([observeExporters(cluster, hosts), tools.findPassword()]);
      return { kind: 'observed', value: { nodes, ...(password && { password }) } };
    },
    plan: (observed, earlier) => planExporters(cluster, observed, earlier),
    planRemoval: (observed) => planExporterRemoval(cluster, observed),
    apply: async ({ action }, progress) =>
      applyExporterChange(await hosts.connect(action.host), action, tools, progress),
  };
}
