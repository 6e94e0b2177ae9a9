/** Services whose tasks are unevenly spread because a node was away. */
import type Docker from 'dockerode';
import { isAlive } from './list-stayers.ts';
import { dropNulls } from './observe.ts';
import type { ObservedService } from './observed.ts';
import { findEligibleNodes } from './placement.ts';
import type { Snapshot } from './snapshots.ts';

/** The replicated services of which the node could take a share: another node has two tasks more than it. */
export function listUneven(nodeId: string, { services, tasks, nodes }: Snapshot): ObservedService[] {
  return services.filter((service) => {
    if (!service.Spec.Mode?.Replicated) return false;
    const { Placement } = service.Spec.TaskTemplate;
    const eligible = findEligibleNodes(
      Placement?.Constraints ?? [],
      nodes.filter(({ ready }) => ready),
    );
    if (!eligible.some(({ id }) => id === nodeId)) return false;
    const count = (id: string): number =>
      tasks.filter((task) => task.ServiceID === service.ID && task.NodeID === id && isAlive(task)).length;
    return Math.max(...eligible.map(({ id }) => count(id))) - count(nodeId) >= 2;
  });
}

/** Starts the tasks of a service anew by its own update rules, which spreads them. */
export async function startAnew(engine: Docker, serviceId: string): Promise<void> {
  const handle = engine.getService(serviceId);
  const { Spec, Version } = dropNulls<ObservedService>(await handle.inspect());
  const force = (Spec.TaskTemplate.ForceUpdate ?? 0) + 1;
  await handle.update({
    _query: { version: Version.Index },
    _body: { ...Spec, TaskTemplate: { ...Spec.TaskTemplate, ForceUpdate: force } },
  } as never);
}
