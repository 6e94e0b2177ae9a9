/** Services that are not yet as they should be, told apart from those that won't be. Pure. */
import { isMakingRoom, isUpdating, judgeService, type ServiceHealth } from './judge-service.ts';
import type { ObservedService } from './observed.ts';
import type { Snapshot } from './snapshots.ts';

export interface Unsettled {
  /** Each of them in words: `shop_web: 1 of 2 tasks run`. */
  short: string[];
  /** Tasks that should run and don't yet, of all of them. */
  missing: number;
  /** Nothing moves: updates are paused, or the scheduler has no place for what is missing. */
  stuck: boolean;
}

/**
 * The services, of those that are asked about, that don't run as they want or that the swarm still updates, which it
 * does until it has watched the last task for the time of `monitor`. Jobs end when they end. `undefined`: all is settled.
 */
export function findUnsettled(
  { services, tasks, nodes }: Snapshot,
  concerns: (service: ObservedService) => boolean,
): Unsettled | undefined {
  const unsettled = services
    .filter(concerns)
    .map((service) => ({ service, health: judgeService(service, tasks, nodes) }))
    .filter(({ service, health }) => !health.mode.endsWith('job') && (!health.done || isUpdating(service)));
  if (unsettled.length === 0) return undefined;
  return {
    short: unsettled.map(
      ({ service, health }) => `${service.Spec.Name}: ${describe(health, isUpdating(service))}`,
    ),
    missing: unsettled.reduce((sum, { health }) => sum + Math.max(0, health.wanted - health.running), 0),
    stuck: unsettled.every(
      ({ service, health }) => !isMakingRoom(service, tasks, nodes) && isStuck(service, health),
    ),
  };
}

function isStuck(service: ObservedService, { troubles }: ServiceHealth): boolean {
  if (service.UpdateStatus?.State?.endsWith('paused')) return true;
  return (troubles.length > 0 || !isUpdating(service)) && troubles.every(({ kind }) => kind === 'pending');
}

function describe({ running, wanted, done }: ServiceHealth, updating: boolean): string {
  const count = `${running} of ${wanted} tasks run`;
  if (!updating) return count;
  return done ? `${count}, and the swarm watches them` : `${count} the new spec`;
}
