/** Whether a service is as its spec wants it, and if not, what stands in the way of each task. Pure. */

import type { ObservedNode, ObservedService, ObservedTask } from './observed.ts';
import { findEligibleNodes } from './placement.ts';
import { stableJson } from './service-fields.ts';

export type ServiceMode = 'replicated' | 'global' | 'replicated-job' | 'global-job';

export interface TaskTrouble {
  /**
   * `starting`: on its way. `pending`: the scheduler finds no node. `failing`: its last try failed, another follows.
   * `given-up`: failed, and the restart policy starts it no more. `missing`: not even created yet. `lost`: last known
   * to run on a node that doesn't answer.
   */
  kind: 'starting' | 'pending' | 'failing' | 'given-up' | 'missing' | 'lost';
  /** The newest task of the slot; absent when `missing`. */
  task?: ObservedTask;
  /** In the engine's own words. */
  reason?: string;
}

export interface ServiceHealth {
  mode: ServiceMode;
  wanted: number;
  /** Slots whose task of the wanted spec runs on a node that answers; for a job, tasks that run. */
  running: number;
  /** Slots (or executions of a job) that finished well and need not run again. */
  completed: number;
  /** Tasks of an older spec that are still meant to run, and those beyond what is wanted. */
  outdated: number;
  troubles: TaskTrouble[];
  /** All that is wanted runs or has completed, and nothing outdated is left. */
  done: boolean;
  /** Running tasks of the wanted spec. */
  runningTaskIds: string[];
}

const failedStates = new Set(['failed', 'rejected']);
const goneStates = new Set(['shutdown', 'remove', 'orphaned', 'complete', ...failedStates]);

/** Judges one service by its tasks and nodes; tasks of other services may be among them. */
export function judgeService(
  service: ObservedService,
  tasks: ObservedTask[],
  nodes: ObservedNode[],
): ServiceHealth {
  const own = tasks.filter((task) => task.ServiceID === service.ID);
  const mode = readMode(service);
  const wanted = countWanted(service, nodes);
  if (mode === 'replicated-job' || mode === 'global-job') return judgeJob(service, own, mode, wanted);
  const ready = new Set(nodes.filter((node) => node.ready).map((node) => node.id));
  const allowed = listAllowedNodes(service, nodes);
  const slots = groupBySlot(own);
  const fits = (task: ObservedTask): boolean =>
    isCurrentTask(task, service) && (task.NodeID === undefined || allowed.has(task.NodeID));
  const health: ServiceHealth = {
    mode,
    wanted,
    running: 0,
    completed: 0,
    outdated: 0,
    troubles: [],
    done: false,
    runningTaskIds: [],
  };
  const oneShot = isOneShot(service);
  for (const slot of slots.values()) {
    const meant = slot.filter(
      (task) => isMeantToRun(task) && (task.NodeID === undefined || ready.has(task.NodeID)),
    );
    const current = slot.filter((task) => isCurrentTask(task, service));
    const running = meant.find((task) => task.Status.State === 'running' && fits(task));
    health.outdated += meant.filter((task) => !fits(task)).length;
    if (running) {
      health.running += 1;
      health.runningTaskIds.push(running.ID);
    } else if (oneShot && current[0]?.Status.State === 'complete') health.completed += 1;
    else {
      const trouble = describeTrouble(meant, current) ?? findLost(current, ready);
      if (trouble) health.troubles.push(trouble);
    }
  }
  const satisfied = health.running + health.completed;
  if (satisfied > wanted) health.outdated += satisfied - wanted;
  for (let slot = satisfied + health.troubles.length; slot < wanted; slot++)
    health.troubles.push({ kind: 'missing' });
  health.done = satisfied === wanted && health.outdated === 0;
  // Slots beyond what is wanted keep their failures for a while.
  if (health.done) health.troubles = [];
  return health;
}

/** How many tasks should run at the same time; of a job, how many should complete. */
function countWanted(service: ObservedService, nodes: ObservedNode[]): number {
  const { Mode = {}, TaskTemplate } = service.Spec;
  if (Mode.ReplicatedJob) return Mode.ReplicatedJob.TotalCompletions ?? Mode.ReplicatedJob.MaxConcurrent ?? 1;
  if (Mode.Global || Mode.GlobalJob) {
    const eligible = findEligibleNodes(TaskTemplate.Placement?.Constraints ?? [], nodes);
    return eligible.filter((node) => node.ready).length;
  }
  return Mode.Replicated?.Replicas ?? 1;
}

/** A service whose tasks may end well and then stay away, as a job's do. */
export function isOneShot(service: Pick<ObservedService, 'Spec'>): boolean {
  const condition = service.Spec.TaskTemplate.RestartPolicy?.Condition;
  return condition === 'none' || condition === 'on-failure';
}

/** Whether a task runs what the service now asks for; where it may run doesn't count, as for the swarm itself. */
export function isCurrentTask(task: ObservedTask, service: Pick<ObservedService, 'Spec'>): boolean {
  return comparable(task.Spec) === comparable(service.Spec.TaskTemplate);
}

/** Whether a task of the service still stops: it may hold the port or the place that a pending one waits for. */
export function isMakingRoom(
  service: Pick<ObservedService, 'ID'>,
  tasks: ObservedTask[],
  nodes: ObservedNode[],
): boolean {
  return tasks.some((task) => task.ServiceID === service.ID && isStopping(task, nodes));
}

/** Whether the swarm is on its way to another spec of the service, or watches the tasks that it has just started. */
export function isUpdating({ UpdateStatus }: Pick<ObservedService, 'UpdateStatus'>): boolean {
  return UpdateStatus?.State === 'updating' || UpdateStatus?.State === 'rollback_started';
}

/** True for a task that failed or was rejected by its node. */
export function isFailed(task: ObservedTask): boolean {
  return failedStates.has(task.Status.State);
}

/** True for a task that was told to go and hasn't gone yet, on a node that answers. */
function isStopping(task: ObservedTask, nodes: ObservedNode[]): boolean {
  return (
    goneStates.has(task.DesiredState) &&
    !goneStates.has(task.Status.State) &&
    nodes.some((node) => node.id === task.NodeID && node.ready)
  );
}

function comparable({ Placement: _placement, Runtime: _runtime, ...spec }: ObservedTask['Spec']): string {
  return stableJson(spec);
}

function readMode(service: ObservedService): ServiceMode {
  const { Mode = {} } = service.Spec;
  if (Mode.Global) return 'global';
  if (Mode.GlobalJob) return 'global-job';
  return Mode.ReplicatedJob ? 'replicated-job' : 'replicated';
}

function isMeantToRun(task: ObservedTask): boolean {
  return !goneStates.has(task.DesiredState) && !goneStates.has(task.Status.State);
}

/** Nodes where the service's tasks may be, a drained one included; constraints that we can't judge are met. */
function listAllowedNodes(service: ObservedService, nodes: ObservedNode[]): Set<string> {
  const constraints = (service.Spec.TaskTemplate.Placement?.Constraints ?? []).filter((text) =>
    /^\s*node\.(id|hostname|role|labels\.)/i.test(text),
  );
  const idle = nodes.map((node) => ({ ...node, availability: 'active' as const }));
  return new Set(findEligibleNodes(constraints, idle).map((node) => node.id));
}

/** The tasks of each slot (of a global service: of each node), newest first. */
function groupBySlot(tasks: ObservedTask[]): Map<string, ObservedTask[]> {
  const slots = new Map<string, ObservedTask[]>();
  for (const task of [...tasks].sort((a, b) => (a.CreatedAt < b.CreatedAt ? 1 : -1))) {
    const key = task.Slot ? `slot ${task.Slot}` : `node ${task.NodeID}`;
    slots.set(key, [...(slots.get(key) ?? []), task]);
  }
  return slots;
}

/** What keeps a slot from running; nothing for a slot that isn't wanted any more. */
function describeTrouble(meant: ObservedTask[], current: ObservedTask[]): TaskTrouble | undefined {
  const next = meant.find((task) => current.includes(task));
  const failed = current.find(isFailed);
  if (next?.Status.State === 'pending' && next.Status.Err)
    return { kind: 'pending', task: next, reason: next.Status.Err };
  if (failed && (next || failed.DesiredState !== 'shutdown'))
    return { kind: 'failing', task: failed, reason: failed.Status.Err ?? failed.Status.State };
  if (next) return { kind: 'starting', task: next };
  // A slot whose every task was told to go is one too many, unless the newest went by itself.
  const newest = current[0];
  if (newest && isFailed(newest))
    return { kind: 'given-up', task: newest, reason: newest.Status.Err ?? newest.Status.State };
  return undefined;
}

/** A task that should run on, on a node that doesn't answer; the swarm hasn't replaced it, or not yet. */
function findLost(current: ObservedTask[], ready: ReadonlySet<string>): TaskTrouble | undefined {
  const task = current.find((one) => isMeantToRun(one) && one.NodeID !== undefined && !ready.has(one.NodeID));
  return task && { kind: 'lost', task, reason: "its node doesn't answer" };
}

/** Whether no further try follows a failed one of a job, by the job's own restart policy. */
function hasGivenUp(service: ObservedService, failed: ObservedTask, tasks: ObservedTask[]): boolean {
  const { Condition, MaxAttempts = 0 } = service.Spec.TaskTemplate.RestartPolicy ?? {};
  const place = (task: ObservedTask) => task.Slot || task.NodeID;
  const tries = tasks.filter((task) => place(task) === place(failed));
  if (!tries.every(isFailed)) return false;
  return Condition === 'none' || (MaxAttempts > 0 && tries.length > MaxAttempts);
}

function judgeJob(
  service: ObservedService,
  own: ObservedTask[],
  mode: ServiceMode,
  wanted: number,
): ServiceHealth {
  const iteration = service.JobStatus?.JobIteration?.Index ?? 0;
  const tasks = own.filter((task) => (task.JobIteration?.Index ?? 0) === iteration);
  const completed = tasks.filter((task) => task.Status.State === 'complete').length;
  const running = tasks.filter((task) => task.Status.State === 'running');
  const troubles: TaskTrouble[] = [];
  for (const task of tasks) {
    if (task.Status.State === 'pending' && task.Status.Err)
      troubles.push({ kind: 'pending', task, reason: task.Status.Err });
    else if (isFailed(task)) {
      const kind = hasGivenUp(service, task, tasks) ? 'given-up' : 'failing';
      troubles.push({ kind, task, reason: task.Status.Err ?? task.Status.State });
    } else if (!goneStates.has(task.Status.State) && task.Status.State !== 'running')
      troubles.push({ kind: 'starting', task });
  }
  const done = completed >= wanted;
  if (!done && troubles.length === 0 && running.length === 0) troubles.push({ kind: 'missing' });
  return {
    mode,
    wanted,
    running: running.length,
    completed,
    outdated: 0,
    troubles: done ? [] : troubles,
    done,
    runningTaskIds: running.map((task) => task.ID),
  };
}
