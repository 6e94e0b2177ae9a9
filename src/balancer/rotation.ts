/** Takes servers out of the rotation of every balancer, and puts them back. */
import { balancers, type Cluster, listVirtualAddresses } from '../cluster/cluster.ts';
import { InterruptedError, UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import type { Hosts } from '../remote/host.ts';
import type { ServerChoice } from './choose-servers.ts';
import { type Clock, systemClock } from './clock.ts';
import { engineDrivers } from './engine-driver.ts';
import { type BalancerView, viewBalancers } from './live.ts';
import type { AdminState, LiveServer, WantedState } from './live-server.ts';

/** Whether there are balancers that can be told to leave single servers out. */
export function hasRotation(cluster: Cluster): boolean {
  return balancers(cluster).length > 0;
}

export interface RotationTarget {
  cluster: Cluster;
  hosts: Hosts;
  progress: Progress;
}

export interface RotationResult {
  /** `backend/server`, each once. */
  servers: string[];
  /** Balancers that didn't answer, and why. */
  away: { balancer: string; reason: string }[];
  /** Requests and connections that still run on the chosen servers: none, unless the time was up. */
  sessions: number;
}

const pollMs = 150;
/** A request that HAProxy had just given to the server when it was told to drain shows in the next look. */
const quietLooks = 2;

/**
 * Lets the chosen servers take nothing new on any balancer, and waits until they have finished what they have.
 * Told again and again while it waits: a balancer that restarts meanwhile has forgotten.
 *
 * @throws UserError when no balancer answers.
 */
export async function drainServers(
  target: RotationTarget,
  choose: ServerChoice,
  { timeoutMs, clock = systemClock }: { timeoutMs: number; clock?: Clock },
): Promise<RotationResult> {
  const endsAt = clock.now() + timeoutMs;
  let quiet = 0;
  for (;;) {
    const views = await viewBalancers(target.cluster, target.hosts);
    const changed = await setStates(views, target, (server) => (choose(server) ? 'drain' : undefined));
    const result = summarise(views, choose);
    quiet = result.sessions === 0 && !changed ? quiet + 1 : 0;
    if (result.servers.length === 0 || quiet >= quietLooks || clock.now() >= endsAt) return result;
    target.progress.report(
      result.sessions === 0
        ? 'making sure that nothing comes any more'
        : `waiting for ${result.sessions} ${result.sessions === 1 ? 'request or connection' : 'requests and connections'} to end`,
    );
    if (target.progress.signal.aborted) throw interrupted();
    await clock.pause(pollMs);
  }
}

/**
 * Puts the chosen servers back into the rotation of every balancer. Where `expectUp` says so, waits until their checks
 * pass on each.
 */
export async function readyServers(
  target: RotationTarget,
  choose: ServerChoice,
  {
    timeoutMs,
    expectUp = () => false,
    clock = systemClock,
  }: { timeoutMs: number; expectUp?: ServerChoice; clock?: Clock },
): Promise<RotationResult & { down: string[] }> {
  const endsAt = clock.now() + timeoutMs;
  for (;;) {
    const views = await viewBalancers(target.cluster, target.hosts);
    const changed = await setStates(views, target, (server) => (choose(server) ? 'ready' : undefined));
    const down = views.flatMap(({ balancer, live }) =>
      (live?.servers ?? [])
        .filter((server) => choose(server) && expectUp(server) && !server.up)
        .map(({ name, status, check }) => `${name} is ${status} (${check}) on ${balancer}`),
    );
    if (!changed && (down.length === 0 || clock.now() >= endsAt))
      return { ...summarise(views, choose), down };
    if (down.length > 0) target.progress.report(`waiting for checks: ${down[0]}`);
    if (target.progress.signal.aborted) throw interrupted();
    await clock.pause(pollMs);
  }
}

/**
 * Sets what differs from what is wanted, on all balancers; whether anything did. Side by side, or, where new processes
 * take over, one after the other: the holder of a virtual address last.
 */
export async function setStates(
  views: BalancerView[],
  { cluster, hosts }: Pick<RotationTarget, 'cluster' | 'hosts'>,
  wantedState: (server: LiveServer) => AdminState | undefined,
): Promise<boolean> {
  if (views.every(({ live }) => live === undefined))
    throw new UserError('no balancer answers', {
      details: views.map(({ balancer, unreachable }) => `${balancer}: ${unreachable}`),
      next: 'kawanan balancer sync mends what is ours; kawanan doctor tells what else is wrong with them',
    });
  const changes = holdersLast(views, cluster)
    .map(({ balancer, live }) => ({
      balancer,
      wanted: (live?.servers ?? []).flatMap((server): WantedState[] => {
        const state = wantedState(server);
        const is = state === undefined || (state === server.admin && !live?.unloaded);
        return is ? [] : [{ server, state }];
      }),
    }))
    .filter(({ wanted }) => wanted.length > 0);
  const { tellStates, inTurn } = engineDrivers[cluster.balancer?.engine ?? 'haproxy'];
  const tell = async ({ balancer, wanted }: (typeof changes)[number]): Promise<void> =>
    tellStates(await hosts.connect(balancer), wanted);
  if (inTurn) for (const change of changes) await tell(change);
  else await Promise.all(changes.map(tell));
  return changes.length > 0;
}

function holdersLast(views: BalancerView[], cluster: Cluster): BalancerView[] {
  const vips = listVirtualAddresses(cluster).map(({ address }) => address);
  const count = ({ live }: BalancerView): number =>
    vips.filter((address) => live?.addresses?.includes(address)).length;
  return views.toSorted((a, b) => count(a) - count(b));
}

function summarise(views: BalancerView[], choose: ServerChoice): RotationResult {
  const chosen = views.flatMap(({ live }) => live?.servers ?? []).filter(choose);
  return {
    servers: [...new Set(chosen.map(({ backend, name }) => `${backend}/${name}`))],
    away: views.flatMap(({ balancer, unreachable }) =>
      unreachable === undefined ? [] : [{ balancer, reason: unreachable }],
    ),
    sessions: chosen.reduce((sum, server) => sum + server.sessions + server.queued, 0),
  };
}

/** The backends that would have no server left that takes requests, on any balancer, once the chosen ones drain. */
export function findLastServers(views: BalancerView[], choose: ServerChoice): string[] {
  const emptied = views.flatMap(({ live }) => {
    const takes = (live?.servers ?? []).filter(({ admin, up }) => admin === 'ready' && up);
    return takes
      .filter(choose)
      .map(({ backend }) => backend)
      .filter((backend) => !takes.some((server) => server.backend === backend && !choose(server)));
  });
  return [...new Set(emptied)];
}

function interrupted(): InterruptedError {
  return new InterruptedError('interrupted', {
    next: 'run the same command again: it goes on where it stopped',
  });
}
