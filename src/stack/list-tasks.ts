/** The tasks of a stack, or of one of its services, as `kawanan ps` shows them. Pure. */
import { findServicesByName } from './find-service.ts';
import type { StackObserved } from './observed.ts';
import { summariseTask, type TaskStatus } from './summarise-stack.ts';

export interface ListTasksOptions {
  /** Short or full name of the only service to list. */
  service?: string;
  /** Those that have ended, too. */
  all: boolean;
}

export interface ListedTask extends TaskStatus {
  /** What the swarm wants of it. */
  desired: string;
}

const ended = new Set(['complete', 'shutdown', 'failed', 'rejected', 'remove', 'orphaned']);

/** Tasks by service and slot, the newest of each first. @throws UserError when there is no such service. */
export function listTasks(
  stackName: string,
  observed: Pick<StackObserved, 'services' | 'tasks' | 'nodes'>,
  options: ListTasksOptions,
): ListedTask[] {
  const services =
    options.service === undefined
      ? observed.services
      : findServicesByName(options.service, observed.services, stackName);
  const collator = new Intl.Collator('en', { numeric: true });
  return observed.tasks
    .flatMap((task) => {
      const service = services.find(({ ID }) => ID === task.ServiceID);
      if (!service) return [];
      if (!options.all && ended.has(task.DesiredState) && ended.has(task.Status.State)) return [];
      const status = summariseTask(task, service.Spec.Name, observed.nodes);
      return [{ created: task.CreatedAt, status: { ...status, desired: task.DesiredState } }];
    })
    .sort((a, b) => collator.compare(a.status.name, b.status.name) || (a.created < b.created ? 1 : -1))
    .map(({ status }) => status);
}
