/** Waits until a service is really as wanted, or knows that it won't be. */
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { InterruptedError, UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import { describeServiceFailure } from './describe-failure.ts';
import {
  isCurrentTask,
  isFailed,
  isMakingRoom,
  isOneShot,
  isUpdating,
  judgeService,
  type ServiceHealth,
} from './judge-service.ts';
import type { ObservedService, ObservedTask } from './observed.ts';
import { readTaskTail } from './read-logs.ts';
import { reportChanges } from './report-changes.ts';
import type { Snapshot, SnapshotSource } from './snapshots.ts';

export interface ConvergeLimits {
  /** Give up after this long without one more task running. */
  stallMs: number;
  /** Give up on tasks for which the scheduler finds no node after this long. */
  pendingMs: number;
  /** Failed tasks a slot that are borne; an image or a mount that isn't there is borne half as often. */
  failuresPerSlot: number;
  pollMs: number;
}

export const defaultLimits: ConvergeLimits = {
  stallMs: 300_000,
  pendingMs: 30_000,
  failuresPerSlot: 8,
  pollMs: 250,
};

export interface ConvergeTarget {
  engine: Docker;
  snapshots: SnapshotSource;
  serviceId: string;
  serviceName: string;
  /** When what we asked for was answered, on `performance.now()`'s clock: older looks tell nothing. */
  since: number;
  /**
   * What was done to it. After an update the swarm's own verdict counts; where we only wait, what failed before is no
   * news.
   */
  after: 'create' | 'update' | 'wait';
  limits: ConvergeLimits;
}

/**
 * Returns once every task of the wanted spec has run (healthy, where there is a health check) for the service's monitor
 * window, or has completed where it is meant to.
 *
 * @throws UserError with the failed task, its last ten log lines and the scheduler's reasons.
 */
export async function convergeService(target: ConvergeTarget, progress: Progress): Promise<void> {
  const { limits } = target;
  const seenFailures = new Set<string>();
  let baseline: ReadonlySet<string> | undefined;
  let stable: { ids: string; since: number } | undefined;
  let best = { count: -1, at: performance.now() };
  let pendingSince: number | undefined;
  const report = reportChanges(progress);
  let blame: string | undefined;

  for (;;) {
    if (progress.signal.aborted)
      throw new InterruptedError(`interrupted while ${target.serviceName} converged`);
    const snapshot = await target.snapshots.read(target.since);
    const now = performance.now();
    const service = findService(snapshot, target);
    const tasks = snapshot.tasks.filter((task) => task.ServiceID === service.ID);
    const health = judgeService(service, tasks, snapshot.nodes);
    // Once rolled back, the swarm's message no longer tells what went wrong.
    if (service.UpdateStatus?.State === 'rollback_started') blame = service.UpdateStatus.Message;
    const told = blame === undefined ? service : withMessage(service, blame);
    const fail = (why: string, task?: ObservedTask) => failService(target, snapshot, told, health, why, task);

    baseline ??= new Set(listOldFailures(tasks, service, target.after).map((task) => task.ID));
    const failures = tasks.filter(
      (task) => isFailed(task) && isCurrentTask(task, service) && !baseline!.has(task.ID),
    );
    for (const task of failures) seenFailures.add(task.ID);
    const newest = newestOf(failures);

    const verdict = readUpdateVerdict(service, health, target.after === 'update');
    if (verdict.kind === 'failed') await fail(verdict.why, findBlamedTask(told, tasks) ?? newest);

    if (verdict.kind === 'settled' && health.done) {
      const ids = [...health.runningTaskIds].sort().join();
      if (stable?.ids !== ids) stable = { ids, since: now };
      progress.ready?.();
      const left = readWindowMs(service, health, verdict.monitored) - (now - stable.since);
      if (left <= 0) return;
      report(`${describeCount(health)}, watched for ${Math.ceil(left / 1000)} s more`);
    } else {
      stable = undefined;
      report(`${describeCount(health)}${describeState(service, health)}`);
    }

    const count = health.running + health.completed - health.outdated;
    if (count > best.count) best = { count, at: now };
    const blocked =
      health.troubles.length > 0 &&
      health.troubles.every(({ kind }) => kind === 'pending') &&
      !isMakingRoom(service, tasks, snapshot.nodes);
    pendingSince = blocked ? (pendingSince ?? now) : undefined;
    if (pendingSince !== undefined && now - pendingSince > limits.pendingMs)
      await fail(`no node takes ${health.troubles.length === 1 ? 'its task' : 'its tasks'}`);
    const givenUp = health.troubles.find((trouble) => trouble.kind === 'given-up');
    if (givenUp?.task && seenFailures.has(givenUp.task.ID) && !health.done)
      await fail('its task failed, and its restart policy starts it no more', givenUp.task);
    if (seenFailures.size >= readFailureLimit(failures, health, limits))
      await fail(`its tasks keep failing (${seenFailures.size} so far)`, newest);
    if (now - best.at > limits.stallMs + readStartMs(service))
      await fail(
        `not converged: ${describeCount(health)}, and no more for ${Math.round((now - best.at) / 1000)} s`,
        newest,
      );
    await sleep(limits.pollMs, undefined, { signal: progress.signal }).catch(() => {});
  }
}

/** Failures that are no news: those before a wait, and those before an update that comes back to a spec that failed once. */
function listOldFailures(
  tasks: ObservedTask[],
  service: ObservedService,
  after: ConvergeTarget['after'],
): ObservedTask[] {
  if (after === 'create') return [];
  const updatedAt = Date.parse(service.UpdatedAt);
  return tasks.filter(
    (task) => isFailed(task) && (after === 'wait' || Date.parse(task.CreatedAt) < updatedAt),
  );
}

type Verdict = { kind: 'settled'; monitored: boolean } | { kind: 'moving' } | { kind: 'failed'; why: string };

/** What the swarm says of an update. A one-shot's task ends early by nature, which it calls a failure: it isn't. */
function readUpdateVerdict(service: ObservedService, health: ServiceHealth, updating: boolean): Verdict {
  const state = service.UpdateStatus?.State;
  if (isUpdating(service)) return { kind: 'moving' };
  if (health.done && health.running === 0 && isOneShot(service) && state !== 'rollback_completed')
    return { kind: 'settled', monitored: true };
  if (state === 'paused') return { kind: 'failed', why: 'the update failed and was paused' };
  // Not an update of ours: the spec it went back to is the one we want.
  if (state === 'rollback_completed' && !updating) return { kind: 'settled', monitored: true };
  if (state === 'rollback_completed') return { kind: 'failed', why: 'the update failed and was rolled back' };
  if (state === 'rollback_paused')
    return { kind: 'failed', why: 'the update failed, and so did rolling it back: it is paused' };
  return { kind: 'settled', monitored: state === 'completed' };
}

function withMessage(service: ObservedService, Message: string): ObservedService {
  return { ...service, UpdateStatus: { ...service.UpdateStatus, Message } };
}

function findService(snapshot: Snapshot, target: ConvergeTarget): ObservedService {
  const service = snapshot.services.find((candidate) => candidate.ID === target.serviceId);
  if (service) return service;
  throw new UserError(`${target.serviceName}: removed by someone else while it converged`, {
    next: 'find out who else changes this swarm, then run the same command again',
  });
}

async function failService(
  target: ConvergeTarget,
  snapshot: Snapshot,
  service: ObservedService,
  health: ServiceHealth,
  why: string,
  task?: ObservedTask,
): Promise<never> {
  const log = task
    ? await readTaskTail(target.engine, task.ID, task.Spec.ContainerSpec.TTY ?? false, 10)
    : [];
  throw describeServiceFailure({ service, why, log, health, nodes: snapshot.nodes, ...(task && { task }) });
}

/** The task the swarm names in `update paused due to failure or early termination of task ID`. */
function findBlamedTask(service: ObservedService, tasks: ObservedTask[]): ObservedTask | undefined {
  const id = /task (\S+)$/.exec(service.UpdateStatus?.Message ?? '')?.[1];
  return tasks.find((task) => task.ID === id) ?? newestOf(tasks.filter(isFailed));
}

function newestOf(tasks: ObservedTask[]): ObservedTask | undefined {
  return [...tasks].sort((a, b) => (a.CreatedAt < b.CreatedAt ? 1 : -1))[0];
}

/** How long all tasks must have run: the service's own monitor window, unless the swarm has watched that long itself. */
function readWindowMs(service: ObservedService, health: ServiceHealth, monitored: boolean): number {
  if (monitored || health.running === 0) return 0;
  return (service.Spec.UpdateConfig?.Monitor || 5e9) / 1e6;
}

/** What a task may take to become healthy, by its own words, on top of what we bear. */
function readStartMs(service: ObservedService): number {
  const check = service.Spec.TaskTemplate.ContainerSpec.Healthcheck;
  const delay = service.Spec.UpdateConfig?.Delay ?? 0;
  return ((check?.StartPeriod ?? 0) + (check?.Interval ?? 0) * (check?.Retries ?? 0) + delay) / 1e6;
}

/** Missing images and folders don't mend themselves, so they are borne half as often as a crash. */
const hopeless = /no such image|bind source path does not exist|executable file not found/i;

function readFailureLimit(failures: ObservedTask[], health: ServiceHealth, limits: ConvergeLimits): number {
  const slots = Math.max(1, Math.min(health.wanted, health.troubles.length));
  const lost = failures.length > 0 && failures.every((task) => hopeless.test(task.Status.Err ?? ''));
  return slots * (lost ? Math.ceil(limits.failuresPerSlot / 2) : limits.failuresPerSlot);
}

function describeCount(health: ServiceHealth): string {
  const { wanted, running, completed } = health;
  if (health.mode.endsWith('job')) return `${completed} of ${wanted} completed`;
  return completed > 0
    ? `${running + completed} of ${wanted} tasks done`
    : `${running} of ${wanted} tasks running`;
}

function describeState(service: ObservedService, health: ServiceHealth): string {
  const state = service.UpdateStatus?.State;
  if (state === 'rollback_started') return ', rolling back';
  const told = health.troubles.find((trouble) => trouble.reason !== undefined);
  if (told) return `, ${told.kind}: ${told.reason}`;
  return health.outdated > 0 ? `, ${health.outdated} of the old ones left` : '';
}
