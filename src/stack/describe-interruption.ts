/** What a change to a service cuts off, in words. Pure. */
import type { FieldChange } from '../plan/change.ts';
import type { PortConfig, ServiceSpec } from './engine-types.ts';
import type { ObservedNode, ObservedService, ObservedTask } from './observed.ts';
import { findEligibleNodes } from './placement.ts';

/** Fields that the swarm changes without starting any task anew. */
const quietFields =
  /^(replicas|max_concurrent|labels\.|update_config\.|rollback_config\.|placement\.|max_replicas)/;

/** True when the change makes the swarm replace the service's tasks. */
export function replacesTasks(fields: FieldChange[]): boolean {
  return fields.some(({ path }) => !quietFields.test(path));
}

/**
 * What stops while a service is updated; `undefined` when nothing does: tasks start first, or others stand in that a
 * health check has passed.
 */
export function describeUpdateInterruption(
  name: string,
  service: ObservedService,
  desired: ServiceSpec,
  fields: FieldChange[],
  tasks: ObservedTask[],
  nodes: ObservedNode[] = [],
): string | undefined {
  const before = service.Spec.Mode?.Replicated?.Replicas ?? 1;
  const after = desired.Mode?.Replicated?.Replicas ?? 1;
  if (!replacesTasks(fields)) {
    if (!desired.Mode?.Global && after < before) return after === 0 ? `${name} stops` : undefined;
    return undefined;
  }
  if (desired.Mode?.ReplicatedJob || desired.Mode?.GlobalJob || before === 0) return undefined;
  const order = desired.UpdateConfig?.Order || 'stop-first';
  const ports = listHostPorts(desired);
  if (order === 'start-first') return describeWaiting(service, desired, ports, tasks, nodes);
  const parallelism = desired.UpdateConfig?.Parallelism ?? 1;
  if (desired.Mode?.Global)
    return `${name} stops on ${parallelism === 0 ? 'every node' : 'one node after the other'}: one task a node, stop-first`;
  const atOnce = parallelism === 0 || parallelism >= before;
  const stops = `${name} stops for ${describeDuration(service, tasks)}`;
  if (before === 1) return `${stops}: ${['one replica', ...describeHolds(desired), order].join(', ')}`;
  if (atOnce) return `${stops}: all ${before} tasks are replaced at once (parallelism ${parallelism})`;
  if (ports.length > 0)
    return `${name}: ${parallelism} of ${before} tasks at a time stops, ${before - parallelism === 1 ? 'the other serves' : 'the others serve'}: host port ${ports.join(', ')} held, stop-first`;
  if (!hasHealthCheck(desired))
    return `${name}: ${parallelism} of ${before} tasks at a time is away, and no health check tells when the next may follow`;
  return undefined;
}

/** Tasks that start first need a node of their own with the port free: where there is none, the update waits for ever. */
function describeWaiting(
  service: ObservedService,
  desired: ServiceSpec,
  ports: number[],
  tasks: ObservedTask[],
  nodes: ObservedNode[],
): string | undefined {
  if (ports.length === 0) return undefined;
  const own = tasks.filter((task) => task.ServiceID === service.ID && task.Status.State === 'running');
  const taken = new Set(own.map((task) => task.NodeID));
  const eligible = findEligibleNodes(desired.TaskTemplate.Placement?.Constraints ?? [], nodes);
  const free = eligible.filter((node) => node.ready && !taken.has(node.id));
  const busy = eligible.filter((node) => taken.has(node.id)).map((node) => node.hostname);
  if (free.length > 0 || busy.length === 0) return undefined;
  const who =
    own.length === 1 ? 'the new task waits' : own.length === 2 ? 'both new tasks wait' : 'the new tasks wait';
  return `${who}: host port ${ports.join(', ')} is taken on ${busy.join(', ')}, and start-first stops nothing there`;
}

/** What stops when a service is taken away and made anew. */
export function describeReplacement(
  name: string,
  service: ObservedService,
  tasks: ObservedTask[],
  why: string,
): string {
  return `${name} stops for ${describeDuration(service, tasks)}: ${why}`;
}

/** The ports a service holds on the very nodes where its tasks run. */
function listHostPorts(spec: ServiceSpec): number[] {
  return (spec.EndpointSpec?.Ports ?? [])
    .filter((port: PortConfig) => port.PublishMode === 'host' && port.PublishedPort)
    .map((port) => port.PublishedPort!);
}

function describeHolds(spec: ServiceSpec): string[] {
  const mounts = spec.TaskTemplate.ContainerSpec.Mounts ?? [];
  const local = mounts.some((mount) => mount.Type === 'volume' && !mount.VolumeOptions?.DriverConfig?.Name);
  const ports = listHostPorts(spec);
  return [
    ...(local ? ['local volume'] : []),
    ...(ports.length > 0 ? [`host port ${ports.join(', ')} held`] : []),
  ];
}

function hasHealthCheck(spec: ServiceSpec): boolean {
  const test = spec.TaskTemplate.ContainerSpec.Healthcheck?.Test ?? [];
  return test.length > 0 && test[0] !== 'NONE';
}

/** As long as the last start took, from the task's creation until it ran (and was healthy). */
function describeDuration(service: ObservedService, tasks: ObservedTask[]): string {
  const starts = tasks
    .filter(
      (task) => task.ServiceID === service.ID && task.Status.State === 'running' && task.Status.Timestamp,
    )
    .map((task) => Date.parse(task.Status.Timestamp!) - Date.parse(task.CreatedAt))
    .filter((durationMs) => durationMs >= 0 && durationMs < 10 * 60_000);
  if (starts.length === 0) return 'a moment';
  return `about ${Math.max(1, Math.round(Math.max(...starts) / 1000))} s`;
}
