/** Which task of a service a command is run in. Pure. */
import { UserError } from '../errors.ts';
import { nameWithoutColor } from './blue-green.ts';
import { nameTask } from './describe-failure.ts';
import { findServiceByName } from './find-service.ts';
import { isCurrentTask } from './judge-service.ts';
import type { StackObserved } from './observed.ts';

export interface ChosenTask {
  /** `stk_web.2`. */
  name: string;
  /** Host name of its node. */
  node: string;
  containerId: string;
}

/**
 * A running task of a service on a node that answers: of the newest spec where there is one, the lowest slot first.
 * `wanted` may name one: `web`, `web.2`, `stk_web.2`, or `web.vm-worker1` for a global service.
 *
 * @throws UserError when there is no such service, or none of its tasks runs.
 */
export function chooseTask(
  stackName: string,
  wanted: string,
  { services, tasks, nodes }: Pick<StackObserved, 'services' | 'tasks' | 'nodes'>,
): ChosenTask {
  const known = new Set(
    services.flatMap(({ Spec }) =>
      [Spec.Name, nameWithoutColor(Spec)].flatMap((name) => [name, name.replace(`${stackName}_`, '')]),
    ),
  );
  const dot = wanted.indexOf('.');
  const [serviceName, slot] =
    known.has(wanted) || dot < 0 ? [wanted, undefined] : [wanted.slice(0, dot), wanted.slice(dot + 1)];
  const service = findServiceByName(serviceName, services, stackName);
  const { Name } = service.Spec;
  const running = tasks
    .filter((task) => task.ServiceID === service.ID && task.Status.State === 'running')
    .flatMap((task) => {
      const node = nodes.find(({ id, ready }) => id === task.NodeID && ready);
      const containerId = task.Status.ContainerStatus?.ContainerID;
      if (!node || !containerId) return [];
      const name = nameTask(task, Name, nodes);
      return [{ name, node: node.hostname, containerId, current: isCurrentTask(task, service) }];
    })
    .filter(({ name }) => slot === undefined || name === `${Name}.${slot}`)
    .sort(
      (a, b) =>
        Number(b.current) - Number(a.current) || a.name.localeCompare(b.name, 'en', { numeric: true }),
    );
  const [first] = running;
  if (first) return { name: first.name, node: first.node, containerId: first.containerId };
  throw new UserError(
    `no task of ${slot === undefined ? Name : `${Name}.${slot}`} runs on a node that answers`,
    {
      next: `\`kawanan ps ${serviceName}\` shows its tasks`,
    },
  );
}
