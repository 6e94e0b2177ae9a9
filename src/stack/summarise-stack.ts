/** A stack's services and tasks as `kawanan status` shows them. Pure. */

import { nameWithoutColor, readColor } from './blue-green.ts';
import { nameTask } from './describe-failure.ts';
import { stackNamespaceLabel } from './engine-types.ts';
import { isFailed, judgeService, type ServiceHealth, type ServiceMode } from './judge-service.ts';
import type { ObservedNode, ObservedService, ObservedTask, StackObserved } from './observed.ts';
import { withoutDigest } from './service-fields.ts';

export interface TaskStatus {
  id: string;
  /** `stk_web.2`. */
  name: string;
  /** Absent while the scheduler looks for one. */
  node?: string;
  state: string;
  /** When it came into that state, as the engine writes it. */
  since?: string;
  error?: string;
  exitCode?: number;
  image: string;
}

export interface ServiceStatus {
  /** Name in the swarm. */
  name: string;
  /** Name in the compose file; two have the same while one is turned over to the other. */
  key: string;
  /** The color of a service that is updated blue-green and is served by its second set of tasks. */
  color?: 'green';
  mode: ServiceMode;
  image: string;
  wanted: number;
  running: number;
  /** Tasks that ended well and need not run again. */
  completed: number;
  /** All that is wanted runs or has completed. */
  done: boolean;
  /** Why tasks don't run, each once, in the engine's own words. */
  reasons: string[];
  /** Names of the nodes where a task runs, one for each task. */
  nodes: string[];
  /** `8000:8000/tcp host`. */
  ports: string[];
  /** State and message of an update that isn't plainly completed. */
  update?: { state: string; message: string };
  /** The newest task of each slot. */
  tasks: TaskStatus[];
}

export interface StackStatus {
  name: string;
  services: ServiceStatus[];
}

/** Sums up a stack: what is wanted, what runs where, and why the rest doesn't. */
export function summariseStack(
  stackName: string,
  observed: Pick<StackObserved, 'services' | 'tasks' | 'nodes'>,
): StackStatus {
  const services = observed.services
    .filter((service) => service.Spec.Labels?.[stackNamespaceLabel] === stackName)
    .map((service) => summariseService(stackName, service, observed.tasks, observed.nodes))
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  return { name: stackName, services };
}

function summariseService(
  stackName: string,
  service: ObservedService,
  allTasks: ObservedTask[],
  nodes: ObservedNode[],
): ServiceStatus {
  const { Name, EndpointSpec, TaskTemplate } = service.Spec;
  const [name, color] = [nameWithoutColor(service.Spec), readColor(service.Spec)];
  const tasks = allTasks.filter((task) => task.ServiceID === service.ID);
  const health = judgeService(service, tasks, nodes);
  const update = service.UpdateStatus;
  const running = new Set(health.runningTaskIds);
  return {
    name: Name,
    key: name.startsWith(`${stackName}_`) ? name.slice(stackName.length + 1) : name,
    ...(color === 'green' && { color }),
    mode: health.mode,
    image: withoutDigest(TaskTemplate.ContainerSpec.Image),
    wanted: health.wanted,
    running: health.running,
    completed: health.completed,
    done: health.done,
    reasons: listReasons(service, health),
    nodes: tasks
      .filter((task) => running.has(task.ID))
      .map((task) => nameNode(task, nodes) ?? '')
      .sort(),
    ports: (EndpointSpec?.Ports ?? []).map(
      (port) =>
        `${port.PublishedPort ?? 'any'}:${port.TargetPort}/${port.Protocol || 'tcp'} ${port.PublishMode || 'ingress'}`,
    ),
    ...(update?.State !== undefined &&
      update.State !== 'completed' && { update: { state: update.State, message: update.Message ?? '' } }),
    tasks: findNewestTasks(tasks).map((task) => summariseTask(task, Name, nodes)),
  };
}

function listReasons(service: ObservedService, health: ServiceHealth): string[] {
  if (health.done) return [];
  const reasons = health.troubles.flatMap(({ kind, reason }) =>
    reason === undefined ? [] : [`${kind}: ${reason}`],
  );
  const state = service.UpdateStatus?.State ?? '';
  if (state === 'paused' || state === 'rollback_paused') reasons.push(service.UpdateStatus?.Message ?? state);
  return [...new Set(reasons)];
}

/** The newest task of each slot, or of each node for a global service, in their order. */
function findNewestTasks(tasks: ObservedTask[]): ObservedTask[] {
  const newest = new Map<string, ObservedTask>();
  for (const task of tasks) {
    const slot = task.Slot ? String(task.Slot).padStart(6, '0') : (task.NodeID ?? '');
    const known = newest.get(slot);
    if (!known || rank(task) > rank(known)) newest.set(slot, task);
  }
  return [...newest.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, task]) => task);
}

/** A running task tells more than one that was created later and waits; otherwise the newer one does. */
function rank(task: ObservedTask): string {
  return `${task.Status.State === 'running' ? 1 : 0}${task.CreatedAt}`;
}

/** One task as it is shown. */
export function summariseTask(task: ObservedTask, serviceName: string, nodes: ObservedNode[]): TaskStatus {
  const { State, Timestamp, Err, ContainerStatus } = task.Status;
  const node = nameNode(task, nodes);
  return {
    id: task.ID,
    name: nameTask(task, serviceName, nodes),
    ...(node !== undefined && { node }),
    state: State,
    ...(Timestamp !== undefined && { since: Timestamp }),
    ...(Err !== undefined && { error: Err }),
    ...(isFailed(task) && ContainerStatus?.ExitCode !== undefined && { exitCode: ContainerStatus.ExitCode }),
    image: withoutDigest(task.Spec.ContainerSpec.Image),
  };
}

function nameNode(task: ObservedTask, nodes: ObservedNode[]): string | undefined {
  if (task.NodeID === undefined) return undefined;
  return nodes.find((node) => node.id === task.NodeID)?.hostname ?? task.NodeID;
}
