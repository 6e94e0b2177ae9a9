/** The running balancers as they are this moment, and the states of servers on them. */
import { balancers, type Cluster } from '../cluster/cluster.ts';
import { UserError } from '../errors.ts';
import type { Host, Hosts } from '../remote/host.ts';
import { isAway } from '../remote/remote-errors.ts';
import { askHaproxy } from './haproxy/runtime-api.ts';
import { type AdminState, type LiveBalancer, type LiveServer, parseLiveBalancer } from './haproxy/servers.ts';

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
  return Promise.all(
    balancers(cluster).map(async ({ name }): Promise<BalancerView> => {
      try {
        return { balancer: name, live: await readLive(await hosts.connect(name)) };
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        // Not to be let in is a mistake in the files, and no state of the balancer.
        if ('failure' in error && !isAway(error)) throw error;
        return { balancer: name, unreachable: error.message };
      }
    }),
  );
}

async function readLive(host: Host): Promise<LiveBalancer> {
  const [statistics, states] = await Promise.all([
    askHaproxy(host, 'show stat'),
    askHaproxy(host, 'show servers state'),
  ]);
  return parseLiveBalancer(statistics, states);
}

/** Tells one balancer's HAProxy the states of servers, all in one line, so that they change together. */
export async function setServerStates(
  host: Host,
  wanted: { server: Pick<LiveServer, 'backend' | 'name'>; state: AdminState }[],
): Promise<void> {
  if (wanted.length === 0) return;
  const commands = wanted.map(
    ({ server, state }) => `set server ${server.backend}/${server.name} state ${state}`,
  );
  const answer = (await askHaproxy(host, commands.join('; '))).trim();
  if (answer === '') return;
  throw new UserError(`HAProxy refuses to change the state of servers: ${answer.split('\n')[0]}`, {
    place: { host: host.name },
    next: 'kawanan balancer show tells which servers it has; kawanan balancer sync brings them up to date',
  });
}
