/** What a probe sends, how often and for how long. Plain data: it crosses into the worker as it is. */
export interface ProbeOptions {
  targets: ProbeTarget[];
  ratePerSecond: number;
  /** How long requests are due; answers are awaited for up to `timeoutMs` more. */
  durationMs: number;
  /** Requests before the counted ones, at the same rate: connections open and code is compiled. Default 500. */
  warmUpMs?: number;
  /** A request without a whole answer after this long, from its start, has failed. Default 5,000. */
  timeoutMs?: number;
  /** A request that is due while so many are unanswered is not sent and counts as failed. Default 5,000. */
  maxInFlight?: number;
  /** Take a server's certificate without checking it, for labs. Default false. */
  insecure?: boolean;
}

/** One kind of request; kinds take turns by weight. */
export type ProbeTarget = HttpTarget | SocketTarget;

interface NamedTarget {
  /** Stands in each record. */
  name: string;
  /** Whole number: of every sum of weights requests, so many. Default 1. */
  weight?: number;
}

export interface HttpTarget extends NamedTarget {
  kind: 'http';
  /** `http:` or `https:`. */
  url: string;
  /** Default GET. */
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** Statuses that are a success. Default: 200 to 399. */
  expectStatus?: number[];
  /** `keep` reuses connections (default); `new` opens one for each request, as most of a site's visitors do. */
  connection?: 'keep' | 'new';
  /** Header of the answer that names who answered. */
  serverHeader?: string;
}

/** `tcp`: the connection is made. `mysql`: the server's greeting arrives. Both are then closed. */
export interface SocketTarget extends NamedTarget {
  kind: 'tcp' | 'mysql';
  host: string;
  port: number;
}

/** Options with every default filled in. */
export type ProbeSettings = Required<ProbeOptions>;

/** No run goes beyond these, whatever it is asked. */
export const probeLimits = {
  ratePerSecond: 20_000,
  durationMs: 3_600_000,
  warmUpMs: 60_000,
  timeoutMs: 60_000,
  maxInFlight: 20_000,
  requests: 1_000_000,
  weight: 1000,
  bodyBytes: 16 * 1024 * 1024,
} as const;
