/** A running balancer's servers and frontends, whichever its engine. No I/O here. */

/**
 * What a person, or we, told a balancer about a server: `drain` takes nothing new, `maint` nothing at all. A sticky one
 * that is told `hold` takes nothing from whom it doesn't know, while its checks go on; others tell no difference to `drain`.
 */
export type AdminState = 'ready' | 'hold' | 'drain' | 'maint';

export interface LiveServer {
  backend: string;
  name: string;
  /** `address:port`. */
  address: string;
  admin: AdminState;
  /** Its check passes, or it has none. */
  up: boolean;
  /** As HAProxy says: `UP`, `DOWN`, `DRAIN`, `MAINT`, `NOLB`, `UP 1/2`. */
  status: string;
  /** What the last check saw: `L7OK/200`. */
  check: string;
  weight: number;
  /** Requests and connections it works on, and those that wait for it. */
  sessions: number;
  queued: number;
  /** Of its connections: refused or not answered, since the engine started; absent where it doesn't count them. */
  errors?: number;
  /** The other backend it stands in, where an engine keeps reads apart. */
  reads?: string;
  /** Clients come back to it with a cookie. */
  sticky?: true;
}

export interface LiveFrontend {
  name: string;
  status: string;
  sessions: number;
  /** Absent where the engine doesn't count them. */
  requests?: number;
  errors?: number;
}

export interface LiveBalancer {
  frontends: LiveFrontend[];
  servers: LiveServer[];
  /** What it was told last isn't what it runs: a run was killed in between. */
  unloaded?: true;
  /** The machine's own IPv4 addresses, where the look at it tells them. */
  addresses?: string[];
}

/** A server as an engine's configuration has it. */
export interface ConfiguredServer {
  backend: string;
  name: string;
  /** `address:port`. */
  address: string;
  /** All else that the configuration says of it. */
  words: string;
}

/** A server and what it is to be told. */
export interface WantedState {
  server: Pick<LiveServer, 'backend' | 'name' | 'reads' | 'admin' | 'sticky'>;
  state: AdminState;
}
