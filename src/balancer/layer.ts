import type { Cluster } from '../cluster/cluster.ts';
import type { Layer } from '../plan/layer.ts';
import type { Hosts } from '../remote/host.ts';
import { type BalancedStack, type BalancerModel, planStacksBackends } from './backends.ts';
import { warnOfExpiry } from './certificate-expiry.ts';
import { type ObservedBalancers, observeBalancers } from './observe.ts';
import { type BalancerAction, planBalancerRemoval, planBalancers } from './plan.ts';

export interface BalancerLayerOptions {
  /**
   * Stacks of the cluster that this run leaves as they are, asked for at each look: the balancers go on serving them.
   * None unless told.
   */
  others?: () => Promise<BalancedStack[]>;
  /** What a balancer that can't be reached means for removal: `refuse` (unless told) ends the plan, `skip` leaves it as it is. */
  unreachable?: 'refuse' | 'skip';
}

/** What was seen, and what the balancers are to do by all that was known then. */
export interface BalancersSeen extends ObservedBalancers {
  model: BalancerModel;
}

/**
 * The layer of the engine (HAProxy or NGINX) and keepalived on the balancers. They serve all stacks of the cluster: when
 * only some of them go, the rest goes on being served.
 *
 * @throws InputError when the stack's `x-balancer` is wrong: nothing is changed then.
 */
export function createBalancerLayer(
  stacks: readonly BalancedStack[],
  cluster: Cluster,
  hosts: Hosts,
  { others = async () => [], unreachable = 'refuse' }: BalancerLayerOptions = {},
): Layer<BalancersSeen, BalancerAction> {
  let model = planStacksBackends(stacks, cluster);
  return {
    name: 'balancer',
    async observe() {
      const [value, rest] = await Promise.all([observeBalancers(cluster, hosts), others()]);
      if (rest.length > 0) model = planStacksBackends([...stacks, ...rest], cluster);
      const { engine } = model;
      const bare = value.hosts
        .filter((host) => (engine === 'nginx' ? host.nginxVersion : host.haproxyVersion) === undefined)
        .map((host) => host.node);
      const untouched = value.hosts.every((host) => Object.keys(host.files).length === 0);
      if (bare.length > 0 && untouched)
        return { kind: 'unknown', reason: `${engine} is not installed on ${bare.join(', ')}` };
      return { kind: 'observed', value: { ...value, model } };
    },
    plan: (observed) => {
      const plan = planBalancers(observed.model, cluster, observed.hosts, listAway(observed));
      return { ...plan, warnings: [...plan.warnings, ...warnOfExpiry(observed.model, Date.now())] };
    },
    warnUnobserved: () => model.warnings,
    planRemoval: (observed, { stacks: going }) => {
      if (going) return planBalancers(observed.model, cluster, observed.hosts, listAway(observed));
      // what isn't looked at would be left behind without a word
      if (observed.away[0] && unreachable === 'refuse') throw observed.away[0];
      const plan = planBalancerRemoval(cluster, observed.hosts);
      const left = observed.away.map(({ host }) => `${host} can't be reached and is left as it is`);
      return { ...plan, warnings: [...plan.warnings, ...left] };
    },
    apply: async (change, progress) => {
      const { applyBalancer } = await import('./apply.ts');
      await applyBalancer(change, progress, { model, cluster, hosts });
    },
  };
}

function listAway({ away }: ObservedBalancers): string[] {
  return away.map(({ host }) => host);
}
