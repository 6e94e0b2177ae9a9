/** Raft's arithmetic: a swarm answers while more than half of its managers can be reached. */
import type { MemberState } from './swarm-state.ts';

export interface ManagerCount {
  total: number;
  reachable: number;
}

/** How many managers a swarm has. */
export function countManagers(members: MemberState[]): ManagerCount {
  const all = members.filter(({ role }) => role === 'manager');
  return {
    total: all.length,
    reachable: all.filter(({ reachability }) => reachability === 'reachable').length,
  };
}

/** Whether so many managers decide anything. */
export function hasQuorum({ total, reachable }: ManagerCount): boolean {
  return total > 0 && reachable > total / 2;
}
