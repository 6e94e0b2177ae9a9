/** What ends a plan of the swarm before it begins; pure. */
import type { ClusterNode } from '../cluster/cluster.ts';
import { CombinedError, InputError, type Problem, UserError } from '../errors.ts';
import type { Standing } from './recognise.ts';
import type { EngineState, SwarmObserved } from './swarm-state.ts';

export interface SwarmPlanOptions {
  /** Nodes that are in another swarm leave it, and all it runs on them. */
  takeOver?: boolean;
  /** What a node that can't be reached means: `refuse` (unless told) ends the plan, `skip` leaves it out with a warning. */
  unreachable?: 'refuse' | 'skip';
}

/** One node that answered, and what it is to our swarm. */
export interface Seen {
  node: ClusterNode;
  engine: EngineState;
  standing: Standing;
}

/** The names of nodes that couldn't be reached; throws unless the options say to go on without them. */
export function checkReachable(
  nodes: ClusterNode[],
  observed: SwarmObserved,
  { unreachable = 'refuse' }: SwarmPlanOptions,
): string[] {
  const failed = nodes.flatMap(({ name }) => {
    const engine = observed.engines[name];
    return engine?.kind === 'unreachable' ? [{ name, error: engine.error }] : [];
  });
  if (failed.length > 0 && (unreachable === 'refuse' || failed.length === nodes.length)) {
    if (failed.length === 1) throw failed[0]!.error;
    throw new CombinedError(
      `${failed.length} nodes can't be reached`,
      failed.map(({ error }) => error),
    );
  }
  return failed.map(({ name }) => name);
}

/** Throws where the swarm waits for its unlock key. */
export function refuseLocked(seen: Seen[]): void {
  const locked = seen.find(({ engine }) => engine.state === 'locked');
  if (!locked) return;
  throw new UserError('the swarm is locked on this node', {
    place: { host: locked.node.name },
    next: 'unlock it on the node with its key (docker swarm unlock), then run the same command again',
  });
}

/** Managers of a swarm that no longer decides anything must not be mistaken for nodes in need of a new one. */
export function refuseLostQuorum(seen: Seen[], { takeOver = false }: SwarmPlanOptions): void {
  const stuck = seen.find(({ engine }) => engine.manager && engine.state === 'active');
  if (!stuck || takeOver) return;
  throw new UserError('its swarm has no quorum: more than half of the managers are gone', {
    place: { host: stuck.node.name },
    next: `start the other managers; if they are lost, on ${stuck.node.name}: docker swarm init --force-new-cluster --advertise-addr ${stuck.node.address}`,
  });
}

/** Throws for all nodes that are in another swarm, unless they are to be taken over. */
export function refuseForeign(seen: Seen[], { takeOver = false }: SwarmPlanOptions): void {
  if (takeOver) return;
  const problems = seen
    .filter(({ standing }) => standing.kind === 'foreign')
    .map(
      ({ node, engine }): Problem => ({
        host: node.name,
        message: `is in another swarm: ${describeForeign(engine)}`,
        next: 'take it out there (docker swarm leave on it), or take it over, and end what it runs, with --take-over',
      }),
    );
  if (problems.length > 0) throw new InputError(problems);
}

function describeForeign({ clusterId, managerAddresses }: EngineState): string {
  const managed = managerAddresses.length > 0 ? `managed by ${managerAddresses.join(', ')}` : '';
  return (
    [clusterId && `cluster ${clusterId}`, managed].filter(Boolean).join(', ') || 'its managers are unknown'
  );
}
