/** Takes servers out of the rotation of every balancer, and puts them back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { balancers, type Cluster } from '../cluster/cluster.ts';
import { InterruptedError, UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import type { Hosts } from '../remote/host.ts';
import type { ServerChoice } from './choose-servers.ts';
import type { AdminState, LiveServer } from './haproxy/servers.ts';
import { type BalancerView, setServerStates, viewBalancers } from './live.ts';

/** Whether the balancers can be told to leave single servers out: there are some, and NGINX has no such way. */
export function hasRotation(cluster: Cluster): boolean {
  return balancers(cluster).length > 0 && cluster.balancer?.engine !== 'nginx';
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
  { timeoutMs }: { timeoutMs: number },
): Promise<RotationResult> {
  const endsAt = performance.now() + timeoutMs;
  let quiet = 0;
  for (;;) {
    const views = await viewBalancers(target.cluster, target.hosts);
    const changed = await setStates(views, target, (server) => (choose(server) ? 'drain' : undefined));
    const result = summarise(views, choose);
    quiet = result.sessions === 0 && !changed ? quiet + 1 : 0;
    if (result.servers.length === 0 || quiet >= quietLooks || performance.now() >= endsAt) return result;
    target.progress.report(
      result.sessions === 0
        ? 'making sure that nothing comes any more'
        : `waiting for ${result.sessions} ${result.sessions === 1 ? 'request or connection' : 'requests and connections'} to end`,
    );
    if (target.progress.signal.aborted) throw interrupted();
    await sleep(pollMs);
  }
}

/**
 * Puts the chosen servers back into the rotation of every balancer. Where `expectUp` says so, waits until their checks
 * pass on each.
 */
export async function readyServers(
  target: RotationTarget,
  choose: ServerChoice,
  { timeoutMs, expectUp = () => false }: { timeoutMs: number; expectUp?: ServerChoice },
): Promise<RotationResult & { down: string[] }> {
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    const views = await viewBalancers(target.cluster, target.hosts);
    const changed = await setStates(views, target, (server) => (choose(server) ? 'ready' : undefined));
    const down = views.flatMap(({ balancer, live }) =>
      (live?.servers ?? [])
        .filter((server) => choose(server) && expectUp(server) && !server.up)
        .map(({ name, status, check }) => `${name} is ${status} (${check}) on ${balancer}`),
    );
    if (!changed && (down.length === 0 || performance.now() >= endsAt))
      return { ...summarise(views, choose), down };
    if (down.length > 0) target.progress.report(`waiting for checks: ${down[0]}`);
    if (target.progress.signal.aborted) throw interrupted();
    await sleep(pollMs);
  }
}

/** Sets what differs from what is wanted, on all balancers side by side; whether anything did. */
export async function setStates(
  views: BalancerView[],
  { hosts }: Pick<RotationTarget, 'hosts'>,
  wantedState: (server: LiveServer) => AdminState | undefined,
): Promise<boolean> {
  if (views.every(({ live }) => live === undefined))
    throw new UserError('no balancer answers', {
      details: views.map(({ balancer, unreachable }) => `${balancer}: ${unreachable}`),
      next: 'kawanan balancer sync mends what is ours; kawanan doctor tells what else is wrong with them',
    });
  const changes = views.map(({ balancer, live }) => ({
    balancer,
    wanted: (live?.servers ?? []).flatMap((server) => {
      const state = wantedState(server);
      return state === undefined || state === server.admin ? [] : [{ server, state }];
    }),
  }));
  await Promise.all(
    changes
      .filter(({ wanted }) => wanted.length > 0)
      .map(async ({ balancer, wanted }) => setServerStates(await hosts.connect(balancer), wanted)),
  );
  return changes.some(({ wanted }) => wanted.length > 0);
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
