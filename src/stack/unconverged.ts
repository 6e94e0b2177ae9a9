/** What is to be done about a service whose spec is as wanted and whose tasks may not be. Pure. */
import { isUpdating, judgeService, type TaskTrouble } from './judge-service.ts';
import type { ObservedNode, ObservedService, ObservedTask } from './observed.ts';
import { findEligibleNodes } from './placement.ts';

export type Convergence =
  | { kind: 'converged' }
  /** Not whole, and nothing that we could do would mend it: a node it needs is away. */
  | { kind: 'degraded'; reason: string }
  | { kind: 'unfinished'; how: 'wait' | 'resume' | 'again'; reason: string };

/**
 * Tells a service that an interrupted run left half done from one that suffers from a lost node. The first is worth a
 * change; the second isn't, or a second `up` would never find nothing to do while a node is away.
 */
export function findUnconverged(
  service: ObservedService,
  tasks: ObservedTask[],
  nodes: ObservedNode[],
): Convergence {
  const health = judgeService(service, tasks, nodes);
  const state = service.UpdateStatus?.State ?? '';
  if (isUpdating(service))
    return { kind: 'unfinished', how: 'wait', reason: service.UpdateStatus?.Message ?? state };
  // A paused update whose tasks all run nevertheless has reached its end: nothing is left to resume.
  if (health.done) return { kind: 'converged' };
  if (state === 'paused' || state === 'rollback_paused')
    return { kind: 'unfinished', how: 'resume', reason: service.UpdateStatus?.Message ?? state };
  const away = describeAwayNodes(service, nodes);
  const blocked = health.troubles.filter(({ kind }) => kind === 'pending' || kind === 'lost');
  if (away !== undefined && blocked.length > 0 && blocked.length === health.troubles.length)
    return {
      kind: 'degraded',
      reason: `${health.running} of ${health.wanted} tasks run: ${away}; ${blocked[0]!.reason}`,
    };
  const reason = `${health.running + health.completed} of ${health.wanted} tasks run${describeFirst(health.troubles)}`;
  const givenUp = health.troubles.length > 0 && health.troubles.every(({ kind }) => kind === 'given-up');
  return { kind: 'unfinished', how: givenUp ? 'again' : 'wait', reason };
}

function describeFirst(troubles: TaskTrouble[]): string {
  const told = troubles.find((trouble) => trouble.reason !== undefined);
  return told ? `: ${told.reason}` : '';
}

/** The nodes that could run the service if only they were there; `undefined` when all of them are. */
function describeAwayNodes(service: ObservedService, nodes: ObservedNode[]): string | undefined {
  const constraints = service.Spec.TaskTemplate.Placement?.Constraints ?? [];
  const away = nodes
    .filter((node) => !node.ready || node.availability !== 'active')
    .filter(
      (node) => findEligibleNodes(constraints, [{ ...node, availability: 'active' as const }]).length > 0,
    );
  if (away.length === 0) return undefined;
  return away
    .map(
      (node) => `${node.hostname} is ${node.ready ? node.availability.replace('drain', 'drained') : 'down'}`,
    )
    .join(', ');
}
