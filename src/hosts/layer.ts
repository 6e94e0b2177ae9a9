import type { Cluster } from '../cluster/cluster.ts';
import type { Layer } from '../plan/layer.ts';
import type { Hosts } from '../remote/host.ts';
import type { HostsAction } from './action.ts';
import type { HostsObserved } from './host-state.ts';
import { observeHosts } from './observe.ts';
import { type HostsPlanOptions, planHosts } from './plan.ts';
import { planHostsRemoval } from './plan-removal.ts';

export type HostsLayerOptions = HostsPlanOptions;

/** The lowest layer: packages, names, kernel parameters and services of every host. Always observable. */
export function createHostsLayer(
  cluster: Cluster,
  hosts: Hosts,
  options: HostsLayerOptions = {},
): Layer<HostsObserved, HostsAction> {
  return {
    name: 'hosts',
    observe: async (signal) => ({ kind: 'observed', value: await observeHosts(cluster, hosts, signal) }),
    plan: (observed) => planHosts(cluster, observed, options),
    planRemoval: (observed, removal) => planHostsRemoval(cluster, observed, removal, options),
    apply: async (change, progress) => {
      const { applyHostsChange } = await import('./apply.ts');
      await applyHostsChange(cluster, hosts, change, progress);
    },
  };
}
