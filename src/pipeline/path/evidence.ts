/** What was seen on the way from a client to the tasks, as plain data. No I/O here. */
import type { Outcome, Target } from './connection.ts';

/** One server of one backend, and how it answers from where. */
export interface ServerEvidence {
  frontend: string;
  /** As the balancers call it. */
  name: string;
  node: string;
  service: string;
  /** Reached through the ingress mesh: the task that answers may be on any node. */
  meshed?: true;
  /** For the second set of tasks of a service that is updated blue-green. */
  color?: 'green';
  target: Target;
  /** From the node itself; absent: the node lets nobody in. */
  fromNode?: Outcome;
  /** By the balancer's name; those that let nobody in are missing. */
  fromBalancers: Record<string, Outcome>;
  /** What a balancer thinks of it, e.g. `UP`, `DOWN`, `DRAIN`, with what its check saw. */
  states: Record<string, { status: string; check: string; up: boolean }>;
}

export interface BalancerEvidence {
  name: string;
  address: string;
  /** Why it lets nobody in. */
  unreachable?: string;
  /** As systemd says of its proxy: `active`, `failed`, `inactive`; empty when there is none. */
  proxy: string;
  unit: string;
  holdsVip: boolean;
}

export interface FrontendEvidence {
  name: string;
  port: number;
  /** Everybody is sent a page, as the files ask. */
  inMaintenance?: true;
  /** From this computer, by virtual address, in the order of the cluster file. */
  throughVips: Record<string, Outcome>;
  /** From this computer to a balancer's own address. */
  throughBalancers: Record<string, Outcome>;
  /** On the balancer itself. */
  onBalancers: Record<string, Outcome>;
}

export interface TaskEvidence {
  service: string;
  /** Of the second set of a service that is updated blue-green. */
  color?: 'green';
  node: string;
  /** The swarm's word: `running`, `starting`, `pending`, `failed` … */
  state: string;
  /** The swarm's reason, where it has one. */
  error?: string;
  /** What the container's last failing health check printed. */
  unhealthy?: string;
}

/** A connection that the swarm itself needs, from node to node. */
export interface LinkEvidence {
  from: string;
  to: string;
  what: 'management (TCP 2377)' | 'gossip (TCP 7946)' | 'overlay traffic (VXLAN, UDP 4789)';
  outcome: Outcome;
  /** Which overlay network and peer were tried. */
  through?: string;
}

export interface PathEvidence {
  frontends: FrontendEvidence[];
  balancers: BalancerEvidence[];
  servers: ServerEvidence[];
  tasks: TaskEvidence[];
  links: LinkEvidence[];
}
