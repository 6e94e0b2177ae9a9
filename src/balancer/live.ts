/** The running balancers as they are this moment. */
import { balancers, type Cluster } from '../cluster/cluster.ts';
import { UserError } from '../errors.ts';
import type { Hosts } from '../remote/host.ts';
import { isAway } from '../remote/remote-errors.ts';
import { engineDrivers } from './engine-driver.ts';
import type { LiveBalancer } from './live-server.ts';

/** One balancer that was looked at. */
export interface BalancerView {
  balancer: string;
  /** Absent when it doesn't answer. */
  live?: LiveBalancer;
  /** Why it doesn't answer. */
  unreachable?: string;
}

/** Every balancer of the cluster, side by side. One that is away is part of the answer. */
export async function viewBalancers(cluster: Cluster, hosts: Hosts): Promise<BalancerView[]> {
  const engine = cluster.balancer?.engine ?? 'haproxy';
  return Promise.all(
    balancers(cluster).map(async ({ name }): Promise<BalancerView> => {
      try {
        return { balancer: name, live: await engineDrivers[engine].readLive(await hosts.connect(name)) };
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        // Not to be let in is a mistake in the files, and no state of the balancer.
        if ('failure' in error && !isAway(error)) throw error;
        return { balancer: name, unreachable: error.message };
      }
    }),
  );
}
