/** What a node runs that can't simply go on elsewhere when it is drained. Pure. */
import type { Mount } from './engine-types.ts';
import type { ObservedNode, ObservedService, ObservedTask } from './observed.ts';
import { findEligibleNodes } from './placement.ts';

export interface Stayer {
  /** Name in the swarm. */
  service: string;
  why: string;
}

const live = new Set(['running', 'starting', 'ready', 'preparing', 'assigned', 'accepted']);

/** Whether the swarm wants a task and it is there, or on its way. */
export function isAlive(task: ObservedTask): boolean {
  return task.DesiredState === 'running' && live.has(task.Status.State);
}

/**
 * The services with tasks on a node whose tasks have no place elsewhere, or leave data behind. Global services are
 * none: one a node is what they are.
 */
export function listStayers(
  nodeId: string,
  services: ObservedService[],
  tasks: ObservedTask[],
  nodes: ObservedNode[],
): Stayer[] {
  return services.flatMap((service): Stayer[] => {
    const own = tasks.filter((task) => task.ServiceID === service.ID && isAlive(task));
    const here = own.filter((task) => task.NodeID === nodeId);
    if (here.length === 0 || service.Spec.Mode?.Global || service.Spec.Mode?.GlobalJob) return [];
    const { Placement, ContainerSpec } = service.Spec.TaskTemplate;
    const others = findEligibleNodes(
      Placement?.Constraints ?? [],
      nodes.filter((node) => node.id !== nodeId && node.ready),
    );
    const name = service.Spec.Name;
    if (others.length === 0)
      return [{ service: name, why: describePinned(Placement?.Constraints ?? [], own.length - here.length) }];
    const room = countRoom(service, own, others);
    const stayers: Stayer[] = [];
    if (room < here.length)
      stayers.push({
        service: name,
        why: `${own.length - here.length + room} of ${own.length} tasks run meanwhile: every other node that may run it has its share`,
      });
    const volumes = (ContainerSpec.Mounts ?? []).filter(isLocalVolume).map(({ Source }) => Source);
    if (room > 0 && volumes.length > 0)
      stayers.push({
        service: name,
        why: `its volume ${volumes.join(', ')} stays on this node: a task elsewhere finds that node's own, or an empty one`,
      });
    return stayers;
  });
}

function describePinned(constraints: string[], elsewhere: number): string {
  const reason =
    constraints.length > 0 ? `no other node meets ${constraints.join(', ')}` : 'no other node is there';
  return elsewhere > 0 ? `${reason}: ${elsewhere} of its tasks run elsewhere` : `${reason}: it stops`;
}

/** How many more tasks the other nodes would take. */
function countRoom(service: ObservedService, own: ObservedTask[], others: ObservedNode[]): number {
  const hasHostPort = (service.Spec.EndpointSpec?.Ports ?? []).some(
    ({ PublishMode, PublishedPort }) => PublishMode === 'host' && PublishedPort,
  );
  const limit = service.Spec.TaskTemplate.Placement?.MaxReplicas || Number.POSITIVE_INFINITY;
  const perNode = hasHostPort ? Math.min(1, limit) : limit;
  const room = others.map((node) => perNode - own.filter((task) => task.NodeID === node.id).length);
  return room.reduce((sum, free) => sum + Math.max(0, free), 0);
}

function isLocalVolume({ Type, Source, VolumeOptions }: Mount): boolean {
  const driver = VolumeOptions?.DriverConfig?.Name ?? 'local';
  return (
    Type === 'volume' && Source !== undefined && driver === 'local' && !VolumeOptions?.DriverConfig?.Options
  );
}
