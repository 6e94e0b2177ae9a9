/** What the page shows: one plain value, sent whole to each browser. No I/O here. */
import type { HistoryChart } from '../pipeline/read-monitoring-history.ts';

/** `silent`: no SSH connection; `unknown`: not looked at yet. */
export type Health = 'well' | 'trouble' | 'silent' | 'drained' | 'unknown';

export interface DashboardState {
  cluster: string;
  /** When this was put together; wall clock in ms, as all times here. */
  now: number;
  /** When the last whole look at the cluster was done; null before the first. */
  lookedAt: number | null;
  /** `down`: clients get no answer; `unknown` before the first look. */
  verdict: 'well' | 'degraded' | 'down' | 'unknown';
  /** What is not as it should be, one line each. */
  problems: string[];
  readOnly: boolean;
  vips: { address: string; holders: string[]; problem: string | null }[];
  balancers: BalancerCard[];
  nodes: NodeCard[];
  links: Link[];
  services: ServiceRow[];
  backends: BackendRow[];
  frontends: FrontendRow[];
  /** One point a second, the newest last; null where nothing was measured. */
  series: Series;
  latency: LatencyFigures | null;
  /** Why no requests are sent to the frontends; null where they are. */
  noProbe: string | null;
  /** The last hour, where Prometheus keeps it; empty where it doesn't. */
  history: HistoryChart[];
  revisions: RevisionRow[];
  results: ResultRow[];
  events: HappenedEvent[];
  actions: OfferedAction[];
  /** The action that runs or ran last. */
  action: RunAction | null;
}

export interface BalancerCard {
  name: string;
  address: string;
  health: Health;
  /** In words: `haproxy active`, or why it doesn't answer. */
  says: string;
  holds: string[];
  requestsPerSecond: number | null;
  sessions: number | null;
}

export interface NodeCard {
  name: string;
  address: string;
  role: 'manager' | 'worker';
  leader: boolean;
  health: Health;
  says: string;
  tasks: { id: string; service: string; name: string; state: string; health: Health; error: string | null }[];
}

/** What a balancer sends to a node. */
export interface Link {
  balancer: string;
  node: string;
  /** Servers of the node, and how many of them the balancer finds up; those on standby aside. */
  servers: number;
  up: number;
  requestsPerSecond: number;
}

export interface ServiceRow {
  name: string;
  mode: string;
  running: number;
  wanted: number;
  completed: number;
  done: boolean;
  image: string;
  nodes: string[];
  says: string;
}

export interface BackendRow {
  name: string;
  servers: { name: string; on: Record<string, ServerCell> }[];
}

export interface ServerCell {
  /** `standby`: it takes nothing because no task of its service is behind it, as half of those updated blue-green. */
  state: 'up' | 'down' | 'drain' | 'maint' | 'standby';
  says: string;
  requestsPerSecond: number | null;
  responseMs: number | null;
}

export interface FrontendRow {
  name: string;
  requestsPerSecond: number;
  errorsPerSecond: number;
  sessions: number;
  /** Of the last minute; null where it isn't probed. */
  latency: LatencyFigures | null;
  requests: (number | null)[];
  median: (number | null)[];
}

export interface LatencyFigures {
  sent: number;
  failed: number;
  /** Milliseconds; null where nothing succeeded. */
  p50: number | null;
  p99: number | null;
  worst: number | null;
}

export interface Series {
  requests: (number | null)[];
  errors: (number | null)[];
  median: (number | null)[];
  worst: (number | null)[];
  /** Requests of the probe that failed. */
  failed: (number | null)[];
}

export interface RevisionRow {
  /** Name of the stack. */
  stack: string;
  number: number;
  at: string;
  by: string;
  why: string;
  changed: string;
}

/** A drill, or a change that was made under load. */
export interface ResultRow {
  kind: 'drill' | 'receipt';
  what: string;
  at: string;
  verdict: 'met' | 'missed' | 'not run';
  says: string;
}

export interface HappenedEvent {
  at: number;
  tone: 'good' | 'bad' | 'neutral';
  text: string;
}

/** A button. */
export interface OfferedAction {
  id: string;
  /** Where it stands: name of a balancer, a node or a server; `cluster`. */
  place: string;
  label: string;
  /** What happens, and what clients notice. */
  explains: string;
  /** The same as one would type it. */
  command: string;
}

export interface RunAction {
  label: string;
  command: string;
  startedAt: number;
  endedAt: number | null;
  /** Null while it runs. */
  succeeded: boolean | null;
  lines: string[];
}
