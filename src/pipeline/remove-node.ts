/** Takes a node out of the swarm for good. */
import { UserError } from '../errors.ts';
import type { SwarmAction } from '../swarm/action.ts';
import { applySwarmChange } from '../swarm/apply.ts';
import { findMember, listMembers } from '../swarm/change-member.ts';
import { countManagers, hasQuorum } from '../swarm/quorum.ts';
import { type DrainOptions, drainNode, type NodeResult, type NodeWork } from './drain-node.ts';
import type { NodeSituation } from './node-situation.ts';

/**
 * Drains a node, lets it leave and takes it off the swarm's list; of a lost one only the last.
 *
 * @throws UserError when the swarm would lose its quorum, or its last manager.
 */
export async function removeMember(
  work: NodeWork,
  { node, member, members }: NodeSituation,
  options: DrainOptions & { lost: boolean },
): Promise<NodeResult> {
  if (member.role === 'manager') {
    const left = countManagers(members.filter(({ id }) => id !== member.id));
    if (!hasQuorum(left))
      throw new UserError(
        left.total === 0
          ? `${node.name} is the only manager`
          : `without ${node.name} the swarm has no quorum: ${left.reachable} of ${left.total} managers could be reached`,
        { place: { host: node.name }, next: 'kawanan node promote another node first' },
      );
  }
  const demoteFirst = member.role === 'manager';
  if (options.lost) {
    await change(work, { type: 'remove-twin', node: node.name, nodeId: member.id, demoteFirst });
    return { servers: [], away: [], short: [] };
  }
  const drained = await drainNode(work, node.name, options);
  await change(work, { type: 'leave', node: node.name, demoteFirst });
  const { id } = findMember(await listMembers(work.cluster, work.hosts), node.name);
  await change(work, { type: 'remove-twin', node: node.name, nodeId: id, demoteFirst: false });
  return drained;
}

function change({ cluster, hosts, progress }: NodeWork, action: SwarmAction): Promise<void> {
  const object = { type: 'node', name: action.node };
  const base = { id: action.type, layer: 'swarm' as const, kind: 'remove' as const, object, title: '' };
  return applySwarmChange(cluster, hosts, { ...base, fields: [], after: [], action }, progress);
}
