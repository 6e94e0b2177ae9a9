/** What balancers count, as plain data. No I/O here. */
import { isReads, nameReads } from './haproxy/reads.ts';
import { readServerStatus, readStatisticsRows } from './haproxy/stats.ts';

export interface Counters {
  /** Open now. */
  sessions: number;
  /** Requests, or connections where the mode is tcp; since the engine started. */
  requests: number;
  /** Answers 5xx, or connections to servers that failed where the mode is tcp; absent where the engine doesn't tell. */
  errors?: number;
}

export interface ServerCounters extends Counters {
  backend: string;
  name: string;
  /** `address:port`. */
  address: string;
  /** `drain` and `maint`: told so by a person or by us. */
  state: 'up' | 'down' | 'drain' | 'maint';
  /** In the engine's words, with what the last check saw: `DOWN (L4CON)`. */
  says: string;
  /** Mean time to its first byte over the last 1,024 requests, in milliseconds; 0 where there is none. */
  responseMs: number;
}

export interface BalancerCounters {
  total: Counters;
  frontends: (Counters & { name: string })[];
  servers: ServerCounters[];
}

type Row = ReturnType<typeof readStatisticsRows>[number];

/** From HAProxy's `show stat`, without our own page. Source: HAProxy management guide, 9.1 "CSV format". */
export function parseHaproxyCounters(csv: string): BalancerCounters {
  const rows = readStatisticsRows(csv).filter((field) => !/^kawanan(\.|$)/.test(field('pxname')));
  const frontends = rows
    .filter((field) => field('svname') === 'FRONTEND')
    .map((field) => ({ name: field('pxname'), ...countFrontend(field, rows) }));
  return {
    total: {
      sessions: sum(frontends.map(({ sessions }) => sessions)),
      requests: sum(frontends.map(({ requests }) => requests)),
      errors: sum(frontends.map(({ errors = 0 }) => errors)),
    },
    frontends,
    servers: foldReads(
      rows.filter((field) => !/^(FRONTEND|BACKEND)$/.test(field('svname'))).map(countServer),
    ),
  };
}

function countFrontend(field: Row, rows: Row[]): Counters {
  const name = field('pxname');
  const isHttp = field('mode') === 'http';
  // the names of its backends begin with its own and a dot
  const backends = rows.filter((row) => row('svname') === 'BACKEND' && row('pxname').startsWith(`${name}.`));
  return {
    sessions: number(field('scur')),
    requests: number(field(isHttp ? 'req_tot' : 'stot')),
    errors: isHttp
      ? number(field('hrsp_5xx'))
      : sum(backends.map((row) => number(row('econ')) + number(row('eresp')))),
  };
}

/** A server whose reads have a section of their own is one: what both did is added up, and both must be up. */
function foldReads(servers: ServerCounters[]): ServerCounters[] {
  return servers
    .filter(({ backend }) => !isReads(backend))
    .map((server) => {
      const reads = nameReads(server.backend);
      const twin = servers.find(({ backend, name }) => backend === reads && name === server.name);
      if (!twin) return server;
      return {
        ...(server.state === 'up' ? twin : server),
        backend: server.backend,
        sessions: server.sessions + twin.sessions,
        requests: server.requests + twin.requests,
        errors: (server.errors ?? 0) + (twin.errors ?? 0),
        responseMs: Math.max(server.responseMs, twin.responseMs),
      };
    });
}

function countServer(field: Row): ServerCounters {
  const status = readServerStatus(field);
  const check = `${field('check_status').replace(/^\* /, '')}${field('check_code') ? `/${field('check_code')}` : ''}`;
  const word = /^(UP|no check|DRAIN|MAINT|NOLB)/.exec(status)?.[1];
  const states: Record<string, ServerCounters['state']> = { DRAIN: 'drain', MAINT: 'maint', NOLB: 'drain' };
  return {
    backend: field('pxname'),
    name: field('svname'),
    address: field('addr'),
    state: word === undefined ? 'down' : (states[word] ?? 'up'),
    says: check === '' ? status : `${status} (${check})`,
    sessions: number(field('scur')),
    requests: number(field('stot')),
    errors: number(field('econ')) + number(field('eresp')),
    responseMs: number(field('rtime')),
  };
}

/** From NGINX's page of `stub_status`, which tells of all frontends together and of no servers. */
export function parseNginxCounters(page: string): BalancerCounters {
  const [, requests = '0'] = /^\s*\d+\s+\d+\s+(\d+)\s*$/m.exec(page) ?? [];
  const [, active = '0'] = /^Active connections:\s*(\d+)/m.exec(page) ?? [];
  return { total: { sessions: number(active), requests: number(requests) }, frontends: [], servers: [] };
}

function number(text: string): number {
  return Number(text) || 0;
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
