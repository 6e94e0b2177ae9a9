/** What a service that doesn't come up tells: words for people. Pure. */
import { UserError } from '../errors.ts';
import type { ServiceHealth, TaskTrouble } from './judge-service.ts';
import type { ObservedNode, ObservedService, ObservedTask } from './observed.ts';

export interface ServiceFailure {
  service: ObservedService;
  /** Why we give up, e.g. `the update was paused`. */
  why: string;
  /** The task that failed, where one did. */
  task?: ObservedTask;
  /** The last lines of its log, already harmless for a terminal. */
  log: string[];
  health: ServiceHealth;
  nodes: ObservedNode[];
}

/** The error of a service that didn't converge: which, why, the scheduler's or the task's own words, its last output. */
export function describeServiceFailure(failure: ServiceFailure): UserError {
  const { service, why, task, log, health, nodes } = failure;
  const name = service.Spec.Name;
  const details: string[] = [];
  const message = service.UpdateStatus?.Message;
  // A rollback that was over before we looked leaves only the word that it is over.
  const isTelling = service.UpdateStatus?.State !== 'completed' && message !== 'rollback completed';
  if (message && isTelling) details.push(`the swarm says: ${message}`);
  if (task) details.push(describeTask(task, name, nodes));
  details.push(...describePending(health.troubles));
  if (task && log.length > 0)
    details.push(
      `last ${log.length === 1 ? 'line' : `${log.length} lines`} of its log:`,
      ...log.map((line) => `| ${line}`),
    );
  else if (task?.Status.State === 'failed') details.push('its log is empty');
  const reasons = [task?.Status.Err, ...health.troubles.map((trouble) => trouble.reason)];
  return new UserError(`${name}: ${why}`, { details, next: adviseNext(reasons, service) });
}

/** `stk_web.2 on vm-worker1 failed: task: non-zero exit (3), exit code 3`. */
function describeTask(task: ObservedTask, serviceName: string, nodes: ObservedNode[]): string {
  const node = nodes.find((candidate) => candidate.id === task.NodeID);
  const where = task.NodeID === undefined ? '' : ` on ${node?.hostname ?? task.NodeID}`;
  const code = task.Status.ContainerStatus?.ExitCode;
  const exit = code !== undefined && code > 0 ? `, exit code ${code}` : '';
  const words = task.Status.Err ?? task.Status.Message ?? '';
  return `task ${nameTask(task, serviceName, nodes)}${where} ${task.Status.State}${words ? `: ${words}` : ''}${exit}`;
}

/** `stk_web.2`; of a global service, `stk_web.vm-worker1`. */
export function nameTask(task: ObservedTask, serviceName: string, nodes: ObservedNode[]): string {
  if (task.Slot) return `${serviceName}.${task.Slot}`;
  const node = nodes.find((candidate) => candidate.id === task.NodeID);
  return `${serviceName}.${node?.hostname ?? task.NodeID ?? task.ID}`;
}

/** The scheduler's reasons, each once, with the number of tasks that wait for it. */
function describePending(troubles: TaskTrouble[]): string[] {
  const counts = new Map<string, number>();
  for (const { kind, reason } of troubles) {
    if (kind === 'pending' && reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(
    ([reason, count]) => `${count === 1 ? 'one task is' : `${count} tasks are`} pending: ${reason}`,
  );
}

const advice: [pattern: RegExp, next: (service: ObservedService) => string][] = [
  [
    /no such image/i,
    ({ Spec }) =>
      `the image ${Spec.TaskTemplate.ContainerSpec.Image} is not on that node: \`kawanan up\` places images on every node that may need them; check its name in the compose file`,
  ],
  [
    /bind source path does not exist/i,
    () =>
      'make that folder on every node the service may run on, or use a volume or a config instead of a bind mount',
  ],
  [
    /host-mode port already in use|port is already allocated|address already in use/i,
    () => 'each node has a port once: ask for fewer replicas, or find out what else holds the port',
  ],
  [/insufficient resources/i, () => 'lower what `deploy.resources.reservations` asks for, or add a node'],
  [/max replicas per node/i, () => 'raise `max_replicas_per_node`, lower `replicas`, or add a node'],
  [
    /scheduling constraints not satisfied/i,
    () =>
      'see `kawanan status` for nodes that are down or drained, and the constraints under `deploy.placement`',
  ],
  [
    /executable file not found|no such file or directory/i,
    () => 'check `command` and `entrypoint`: the image has no such program',
  ],
  [
    /unhealthy container/i,
    () => 'the health check failed: check its command, and whether `start_period` is long enough',
  ],
  [/network .* not found/i, () => 'the network was being removed: run the same command again'],
];

function adviseNext(reasons: (string | undefined)[], service: ObservedService): string {
  const told = reasons.filter((reason): reason is string => reason !== undefined);
  for (const [pattern, next] of advice) if (told.some((reason) => pattern.test(reason))) return next(service);
  return `\`kawanan logs ${service.Spec.Name}\` shows more; mend it and run the same command again`;
}
