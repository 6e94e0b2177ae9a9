/** What is read of the swarm, as plain data; everything the swarm layer plans from. */

/** An engine as it sees itself. */
export interface EngineState {
  kind: 'engine';
  /** The host name the engine started with, and tells the swarm. */
  hostname: string;
  /** Its own view of the swarm: `inactive`, `pending`, `active`, `error`, `locked`. */
  state: 'inactive' | 'pending' | 'active' | 'error' | 'locked';
  /** Empty outside a swarm. */
  nodeId: string;
  /** Addresses of the managers it knows of, without ports. */
  managerAddresses: string[];
  /** It is a manager, with or without a quorum. */
  manager: boolean;
  /** Only a manager knows it. */
  clusterId?: string;
  /** What it complains about, e.g. a join that fails. */
  error?: string;
}

/** `absent`: the host was reached and no engine answers there. `unreachable`: the host wasn't reached. */
export type NodeEngine =
  | EngineState
  | { kind: 'absent'; reason: string }
  | { kind: 'unreachable'; error: unknown };

/** A node as the swarm lists it. */
export interface MemberState {
  id: string;
  hostname: string;
  /** The address it joined with; the managers' own where they tell it. */
  address: string;
  role: 'manager' | 'worker';
  availability: 'active' | 'pause' | 'drain';
  labels: Record<string, string>;
  /** `ready`, `down`, `unknown`, `disconnected`. */
  status: string;
  /** The swarm's reason for a status that isn't `ready`. */
  message?: string;
  /** Of a manager: `reachable`, `unreachable`, `unknown`. */
  reachability?: string;
  leader: boolean;
}

export interface SwarmObserved {
  /** Every swarm node of the cluster file, by name. */
  engines: Record<string, NodeEngine>;
  /** One for each manager that answered for its swarm; managers of one swarm share the cluster ID. */
  views: { manager: string; clusterId: string; members: MemberState[] }[];
}
