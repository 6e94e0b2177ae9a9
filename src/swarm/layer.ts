import type { Cluster } from '../cluster/cluster.ts';
import type { Layer } from '../plan/layer.ts';
import type { Hosts } from '../remote/host.ts';
import type { SwarmAction } from './action.ts';
import { observeSwarm } from './observe.ts';
import { planSwarm } from './plan.ts';
import { planSwarmRemoval } from './plan-removal.ts';
import type { SwarmPlanOptions } from './refuse.ts';
import type { SwarmObserved } from './swarm-state.ts';

export type SwarmLayerOptions = SwarmPlanOptions;

/** The swarm itself: its nodes, their roles, labels and availability. Unknown until an engine runs. */
export function createSwarmLayer(
  cluster: Cluster,
  hosts: Hosts,
  options: SwarmLayerOptions = {},
): Layer<SwarmObserved, SwarmAction> {
  return {
    name: 'swarm',
    observe: (signal) => observeSwarm(cluster, hosts, signal),
    plan: (observed) => planSwarm(cluster, observed, options),
    planRemoval: (observed) => planSwarmRemoval(cluster, observed, options),
    apply: async (change, progress) => {
      const { applySwarmChange } = await import('./apply.ts');
      await applySwarmChange(cluster, hosts, change, progress);
    },
  };
}
