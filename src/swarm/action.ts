import type { Change } from '../plan/change.ts';

/** What we want of a member of the swarm. */
export interface MemberSettings {
  role: 'manager' | 'worker';
  availability: 'active' | 'pause' | 'drain';
  /** Only those that the cluster file names. */
  labels: Record<string, string>;
}

/** What the swarm layer can do, as plain data; `node` is the name in the cluster file. No token is ever in here. */
export type SwarmAction =
  /** `addressPool`: where its networks' subnets come from; absent for the engine's own choice. */
  | { type: 'init'; node: string; leaveFirst: boolean; settings: MemberSettings; addressPool?: string }
  | { type: 'join'; node: string; leaveFirst: boolean; settings: MemberSettings }
  | { type: 'update'; node: string; nodeId: string; settings: MemberSettings }
  /** A listed node whose machine is no longer that node. */
  | { type: 'remove-twin'; node: string; nodeId: string; demoteFirst: boolean }
  | { type: 'leave'; node: string; demoteFirst: boolean };

export type SwarmChange = Change<SwarmAction>;
