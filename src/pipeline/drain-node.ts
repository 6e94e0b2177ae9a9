/** Takes a node out of service, and brings it back, without losing what it works on. */
import { setTimeout as sleep } from 'node:timers/promises';
import { chooseNodeServers, type ServerChoice } from '../balancer/choose-servers.ts';
import { drainServers, hasRotation, type RotationResult, readyServers } from '../balancer/rotation.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { InterruptedError, UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import type { Hosts } from '../remote/host.ts';
import { findUnsettled } from '../stack/find-unsettled.ts';
import { isAlive } from '../stack/list-stayers.ts';
import { observeAllTasks } from '../stack/observe-tasks.ts';
import { listUneven, startAnew } from '../stack/rebalance.ts';
import type { Snapshot } from '../stack/snapshots.ts';
import { findMember, listMembers, setAvailability } from '../swarm/change-member.ts';
import { connectManager } from '../swarm/connect-manager.ts';

export interface NodeWork {
  cluster: Cluster;
  hosts: Hosts;
  progress: Progress;
}

export interface DrainOptions {
  /** How long its requests and connections may take to end. */
  timeoutMs: number;
  /** Go on when the time is up, and cut what is left. */
  cut: boolean;
  /** Who drains it, for the node's mark: `anna@laptop 2026-11-21T05:00:00Z`. */
  drainedBy: string;
}

export interface NodeResult {
  /** `backend/server` that were drained or put back. */
  servers: string[];
  /** Balancers that didn't answer. */
  away: RotationResult['away'];
  /** Services that run fewer tasks than they want, in words. */
  short: string[];
}

const pollMs = 300;
const tasksGoneMs = 300_000;
/** What the scheduler finds no place for in this long, it won't. */
const stuckMs = 4_000;
/** So long without one more task that runs. */
const settleMs = 180_000;

/** Servers of the node drained on all balancers; only then its tasks are sent elsewhere, and waited for. */
export async function drainNode(work: NodeWork, name: string, options: DrainOptions): Promise<NodeResult> {
  const rotation = await drainNodeServers(work, name, options);
  work.progress.report('draining it in the swarm');
  const member = findMember(await listMembers(work.cluster, work.hosts), name);
  await setAvailability(work, member.id, { availability: 'drain', drainedBy: options.drainedBy });
  await waitForTasksGone(work, member.id, name);
  const short = await waitForServices(work, ({ tasks }, serviceId) =>
    tasks.some((task) => task.ServiceID === serviceId && task.NodeID === member.id),
  );
  return { ...rotation, short };
}

async function drainNodeServers(
  work: NodeWork,
  name: string,
  { timeoutMs, cut }: DrainOptions,
): Promise<Pick<NodeResult, 'servers' | 'away'>> {
  if (!hasRotation(work.cluster)) return { servers: [], away: [] };
  work.progress.report('draining its servers on the balancers');
  const { servers, away, sessions } = await drainServers(work, chooseNodeServers(work.cluster, name), {
    timeoutMs,
  });
  if (sessions === 0 || cut) return { servers, away };
  throw new UserError(
    `${sessions} requests or connections still run on ${name} after ${timeoutMs / 1000} s; its tasks were left alone`,
    {
      place: { host: name },
      details: ['its servers take nothing new'],
      next: 'run the same command again to go on waiting (--wait 600 waits longer), or with --cut to end them',
    },
  );
}

async function waitForTasksGone(work: NodeWork, nodeId: string, name: string): Promise<void> {
  const endsAt = performance.now() + tasksGoneMs;
  for (;;) {
    const { tasks } = await look(work);
    const left = tasks.filter(
      (task) => task.NodeID === nodeId && ['running', 'starting', 'preparing'].includes(task.Status.State),
    );
    if (left.length === 0) return;
    work.progress.report(`waiting for ${left.length} ${left.length === 1 ? 'task' : 'tasks'} to stop`);
    if (performance.now() > endsAt)
      throw new UserError(`${left.length} tasks of ${name} still run ${tasksGoneMs / 60_000} minutes later`, {
        place: { host: name },
        next: 'is the node there? `kawanan node ls` tells; then run the same command again',
      });
    await pause(work.progress);
  }
}

/**
 * Waits until the chosen services run as they want and the swarm has watched them, or nothing moves any more.
 *
 * @returns those that run fewer tasks than they want, in words.
 */
async function waitForServices(
  work: NodeWork,
  concerns: (snapshot: Snapshot, serviceId: string) => boolean,
): Promise<string[]> {
  let endsAt = performance.now() + settleMs;
  let fewest = Number.POSITIVE_INFINITY;
  let stuckSince: number | undefined;
  for (;;) {
    const snapshot = await look(work);
    const unsettled = findUnsettled(snapshot, ({ ID }) => concerns(snapshot, ID));
    if (!unsettled) return [];
    const { short, missing, stuck } = unsettled;
    const now = performance.now();
    if (missing < fewest) endsAt = now + settleMs;
    fewest = Math.min(fewest, missing);
    stuckSince = stuck ? (stuckSince ?? now) : undefined;
    if ((stuckSince !== undefined && now - stuckSince > stuckMs) || now > endsAt) return short;
    work.progress.report(short.join('; '));
    await pause(work.progress);
  }
}

/** The node takes tasks again; once those it gets are well, its servers are put back on all balancers. */
export async function readyNode(
  work: NodeWork,
  name: string,
  { rebalance }: { rebalance: boolean },
): Promise<NodeResult & { rebalanced: string[]; down: string[] }> {
  const member = findMember(await listMembers(work.cluster, work.hosts), name);
  await setAvailability(work, member.id, { availability: 'active' });
  await waitUntilMember(work, name);
  let short = await waitForServices(work, () => true);
  const rebalanced: string[] = [];
  if (rebalance) {
    const { engine } = await connectManager(work.cluster, work.hosts);
    for (const service of listUneven(member.id, await look(work))) {
      work.progress.report(`starting ${service.Spec.Name} anew`);
      await startAnew(engine, service.ID);
      rebalanced.push(service.Spec.Name);
      short = await waitForServices(work, () => true);
    }
  }
  if (!hasRotation(work.cluster)) return { servers: [], away: [], short, rebalanced, down: [] };
  work.progress.report('putting its servers back on the balancers');
  const served = await listServed(work, member.id);
  const choose = chooseNodeServers(work.cluster, name);
  const { servers, away, down } = await readyServers(work, choose, { timeoutMs: 30_000, expectUp: served });
  return { servers, away, short, rebalanced, down };
}

/** Waits until the swarm says that a node is there and takes part. */
export async function waitUntilMember(work: NodeWork, name: string, timeoutMs = 180_000): Promise<void> {
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    const member = await listMembers(work.cluster, work.hosts).then(
      (members) => findMember(members, name),
      (error: unknown) => {
        // The manager that answers may be the one that isn't back yet.
        if (error instanceof UserError) return undefined;
        throw error;
      },
    );
    const reachable = member?.role !== 'manager' || member.reachability === 'reachable';
    if (member?.status === 'ready' && reachable) return;
    work.progress.report(`waiting for the swarm to see ${name}: ${member?.status ?? 'no manager answers'}`);
    if (performance.now() > endsAt)
      throw new UserError(`the swarm does not see ${name} after ${timeoutMs / 1000} s`, {
        place: { host: name },
        next: `see journalctl -u docker on it, then run kawanan node ready ${name}`,
      });
    await pause(work.progress);
  }
}

/** Servers behind which a task of the node runs: those whose checks must pass. */
async function listServed(work: NodeWork, nodeId: string): Promise<ServerChoice> {
  const { services, tasks } = await look(work);
  const ports = services.flatMap((service) => {
    const runs = tasks.some(
      (task) =>
        task.ServiceID === service.ID &&
        task.NodeID === nodeId &&
        isAlive(task) &&
        task.Status.State === 'running',
    );
    const published = service.Spec.EndpointSpec?.Ports ?? [];
    return runs
      ? published.filter((port) => port.PublishMode === 'host').map((port) => port.PublishedPort)
      : [];
  });
  return ({ address }) => ports.some((port) => address.endsWith(`:${port}`));
}

async function look(work: NodeWork): Promise<Snapshot> {
  const { engine } = await connectManager(work.cluster, work.hosts);
  return observeAllTasks(engine);
}

async function pause({ signal }: Progress): Promise<void> {
  if (signal.aborted)
    throw new InterruptedError('interrupted', {
      next: 'run the same command again: it goes on where it stopped',
    });
  await sleep(pollMs);
}
