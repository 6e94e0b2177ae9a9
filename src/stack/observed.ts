/** A stack as it is: what a manager of the swarm answers, in the Engine API's own shapes. No I/O here. */
import type { ConfigSpec, NetworkCreate, SecretSpec, ServiceSpec } from './engine-types.ts';
import type { ImageAnswer } from './image-digests.ts';

export interface ObservedNode {
  id: string;
  /** The swarm's version index of its entry. */
  version?: number;
  hostname: string;
  role: 'manager' | 'worker';
  labels: Record<string, string>;
  engineLabels: Record<string, string>;
  platform: { os: string; architecture: string };
  availability: 'active' | 'pause' | 'drain';
  address: string;
  /** The node answers the managers: `ready` and nothing else. */
  ready: boolean;
}

export interface ObservedNetwork extends NetworkCreate {
  Id: string;
}

/** A config, with its data. */
export interface ObservedConfig {
  ID: string;
  CreatedAt?: string;
  Spec: ConfigSpec;
}

/** A secret: the engine never gives its data back. */
export interface ObservedSecret {
  ID: string;
  Spec: SecretSpec;
}

/** Source: Engine API v1.41–1.45, `Service.UpdateStatus`. */
export interface UpdateStatus {
  State?:
    | 'updating'
    | 'paused'
    | 'completed'
    | 'rollback_started'
    | 'rollback_paused'
    | 'rollback_completed'
    | string;
  StartedAt?: string;
  CompletedAt?: string;
  Message?: string;
}

export interface ObservedService {
  ID: string;
  Version: { Index: number };
  CreatedAt: string;
  UpdatedAt: string;
  Spec: ServiceSpec;
  PreviousSpec?: ServiceSpec;
  UpdateStatus?: UpdateStatus;
  JobStatus?: { JobIteration?: { Index?: number }; LastExecution?: string };
}

export interface ObservedTask {
  ID: string;
  CreatedAt: string;
  UpdatedAt?: string;
  ServiceID: string;
  /** Absent for tasks of global services. */
  Slot?: number;
  /** Absent until the scheduler has found a node. */
  NodeID?: string;
  Spec: ServiceSpec['TaskTemplate'];
  DesiredState: string;
  Status: {
    State: string;
    Timestamp?: string;
    Message?: string;
    Err?: string;
    ContainerStatus?: { ContainerID?: string; ExitCode?: number };
  };
  JobIteration?: { Index?: number };
}

/** What holds data on one node, as its own engine says: only looked at when something may be removed. */
export interface NodeLeftovers {
  node: string;
  /** Names of the stack's volumes. */
  volumes: string[];
  /** Why the node couldn't be asked; its volumes are then unknown. */
  unreachable?: string;
}

/** A service of another stack, or of none, as far as this stack's networks are concerned. */
export interface NeighbourService {
  name: string;
  /** Absent where no stack made it. */
  stack?: string;
  /** Ids or names. */
  networks: string[];
}

export interface StackObserved {
  nodes: ObservedNode[];
  /** Every network that swarm services can use, the stack's or not. */
  networks: ObservedNetwork[];
  /** Every config of the swarm. */
  configs: ObservedConfig[];
  /** Every secret of the swarm. */
  secrets: ObservedSecret[];
  /** Services of the stack; of one that is updated blue-green the one that serves, in the words of the compose file. */
  services: ObservedService[];
  /** Services that aren't the stack's and are on any network; absent when nobody asked. */
  neighbours?: NeighbourService[];
  /** Those that are about to take over from one of the services. */
  candidates?: ObservedService[];
  /** Tasks of those services, and those that services of the stack left behind. */
  tasks: ObservedTask[];
  /** What was learnt of images, by the name in the compose file; absent when nobody asked. */
  images?: Record<string, ImageAnswer>;
  /** One for each node; absent when nobody asked. */
  leftovers?: NodeLeftovers[];
}
