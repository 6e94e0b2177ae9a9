/** Which swarm is ours, and what each node of the cluster file is to it; pure. */
import type { Cluster, ClusterNode } from '../cluster/cluster.ts';
import { swarmNodes } from '../cluster/cluster.ts';
import type { EngineState, MemberState, SwarmObserved } from './swarm-state.ts';

export type Standing =
  /** In our swarm. */
  | { kind: 'member'; member: MemberState }
  /** In no swarm. */
  | { kind: 'outside' }
  /** It thinks it is in our swarm, and our swarm doesn't know it (any more), or its join never came through. */
  | { kind: 'stale' }
  /** In a swarm that isn't ours. */
  | { kind: 'foreign' };

/** The swarm of the first manager, in the order of the file, that answers for one; `undefined` where none does. */
export function chooseView(
  cluster: Cluster,
  observed: SwarmObserved,
): SwarmObserved['views'][number] | undefined {
  const managersFirst = swarmNodes(cluster).toSorted(
    (a, b) => Number(b.role === 'manager') - Number(a.role === 'manager'),
  );
  for (const { name } of managersFirst) {
    const view = observed.views.find(({ manager }) => manager === name);
    if (view) return view;
  }
  return undefined;
}

/** What a node is to our swarm. */
export function findStanding(
  engine: EngineState,
  view: SwarmObserved['views'][number] | undefined,
  cluster: Cluster,
): Standing {
  if (engine.state === 'inactive') return { kind: 'outside' };
  const member = view?.members.find(({ id }) => id === engine.nodeId);
  if (member && engine.state !== 'error') return { kind: 'member', member };
  if (engine.clusterId !== undefined && view && engine.clusterId !== view.clusterId)
    return { kind: 'foreign' };
  if (engine.state === 'active') {
    const known = view
      ? view.members.filter(({ role }) => role === 'manager').map(({ address }) => address)
      : [];
    return engine.managerAddresses.some((address) => known.includes(address))
      ? { kind: 'stale' }
      : { kind: 'foreign' };
  }
  const addresses = swarmNodes(cluster).map(({ address }) => address);
  const foreign = engine.managerAddresses.some((address) => !addresses.includes(address));
  return { kind: foreign ? 'foreign' : 'stale' };
}

/** Whether a listed member is this machine of the cluster file: by name and address, both. */
export function isSameMachine(member: MemberState, node: ClusterNode): boolean {
  return member.hostname === node.name && member.address === node.address;
}
