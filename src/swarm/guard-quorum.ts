/** Whether the swarm still decides anything while a manager is away. No I/O here. */
import { UserError } from '../errors.ts';
import { countManagers, hasQuorum } from './quorum.ts';
import type { MemberState } from './swarm-state.ts';

/**
 * What it means to take a manager away for a while, in words; `undefined` where the others decide on without it.
 *
 * @throws UserError when other managers are missing already, so that this one's absence would cost the quorum.
 */
export function guardQuorum(member: MemberState, members: MemberState[]): string | undefined {
  if (member.role !== 'manager') return undefined;
  const count = countManagers(members);
  if (count.total === 1)
    return `${member.hostname} is the only manager: while it is away tasks run on, and nothing can be changed`;
  const left = { total: count.total, reachable: count.reachable };
  if (member.reachability === 'reachable') left.reachable -= 1;
  if (hasQuorum(left)) return undefined;
  if (count.total === 2)
    return `with two managers, one alone decides nothing: while ${member.hostname} is away tasks run on, and nothing can be changed`;
  throw new UserError(
    `without ${member.hostname} the swarm would have no quorum: ${left.reachable} of ${count.total} managers could be reached`,
    { place: { host: member.hostname }, next: 'bring the other managers back first' },
  );
}
