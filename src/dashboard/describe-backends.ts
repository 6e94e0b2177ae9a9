/** Servers as each balancer sees them, and what flows from balancers to nodes. Pure. */
import { nameServer } from '../balancer/backends.ts';
import type { ServerState } from '../balancer/haproxy/stats.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { ClusterStatus } from '../pipeline/read-status.ts';
import type { BalancerRates } from './rates.ts';
import type { BackendRow, Link, ServerCell } from './state.ts';

/** A server of one balancer. */
type SeenServer = ServerCell & { backend: string; name: string; address: string };

/** By name of the balancer, those that answer. */
type AllServers = ReadonlyMap<string, SeenServer[]>;

/** The servers with what each does; where the engine counts nothing for them, as the last look found them. */
export function listServers(
  status: ClusterStatus | undefined,
  rates: ReadonlyMap<string, BalancerRates>,
  silent: ReadonlyMap<string, string>,
): AllServers {
  const answering = (status?.balancers ?? []).filter(({ name }) => !silent.has(name));
  const looked = answering.map(({ name, backends }): [string, SeenServer[]] => [
    name,
    backends.flatMap((backend) => backend.servers.map((server) => readServer(backend.name, server))),
  ]);
  const counted = [...rates]
    .filter(([name, { servers }]) => !silent.has(name) && servers.length > 0)
    .map(([name, { servers }]): [string, SeenServer[]] => [name, servers]);
  return new Map([...looked, ...counted].filter(([, servers]) => servers.length > 0));
}

function readServer(backend: string, { name, address, status, check, up }: ServerState): SeenServer {
  const held = /^DRAIN|^MAINT/.exec(status)?.[0];
  const state = held === undefined ? (up ? 'up' : 'down') : held === 'DRAIN' ? 'drain' : 'maint';
  const says = check === '' ? status : `${status} (${check})`;
  return { backend, name, address, state, says, requestsPerSecond: null, responseMs: null };
}

/** Names of the servers that have a running task behind them. */
export function listRunningServers(status: ClusterStatus | undefined): Set<string> {
  return new Set(
    (status?.stacks ?? [])
      .flatMap(({ services }) => services)
      .flatMap(({ key, color, nodes }) => nodes.map((node) => nameServer(node, key, color))),
  );
}

/** Each backend and server once, in the order of the first balancer that has it. */
export function describeBackends(all: AllServers, running: Set<string>): BackendRow[] {
  const rows = new Map<string, Map<string, Record<string, ServerCell>>>();
  for (const [balancer, servers] of all) {
    for (const server of servers) {
      const backend = rows.get(server.backend) ?? new Map<string, Record<string, ServerCell>>();
      rows.set(server.backend, backend);
      const on = backend.get(server.name) ?? {};
      backend.set(server.name, { ...on, [balancer]: describeServer(server, running) });
    }
  }
  return [...rows].map(([name, servers]) => ({
    name,
    servers: [...servers].map(([server, on]) => ({ name: server, on })),
  }));
}

function describeServer(server: SeenServer, running: Set<string>): ServerCell {
  return {
    state: isStandby(server, running) ? 'standby' : server.state,
    says: server.says,
    requestsPerSecond:
      server.requestsPerSecond === null ? null : Math.round(server.requestsPerSecond * 10) / 10,
    responseMs: server.responseMs,
  };
}

/** One link for each balancer and node with servers. */
export function describeLinks(
  { nodes }: Pick<Cluster, 'nodes'>,
  all: AllServers,
  running: Set<string>,
): Link[] {
  return [...all].flatMap(([balancer, servers]) =>
    nodes.flatMap(({ name: node, address }): Link[] => {
      const own = servers.filter(
        (server) => server.address.startsWith(`${address}:`) && !isStandby(server, running),
      );
      if (own.length === 0) return [];
      const requests = own.reduce((sum, { requestsPerSecond }) => sum + (requestsPerSecond ?? 0), 0);
      return [
        {
          balancer,
          node,
          servers: own.length,
          up: own.filter(({ state }) => state === 'up').length,
          requestsPerSecond: Math.round(requests * 10) / 10,
        },
      ];
    }),
  );
}

/** Held by us, for no task is behind it; what a person drained has one. */
function isStandby({ state, name }: SeenServer, running: Set<string>): boolean {
  return state === 'drain' && running.size > 0 && !running.has(name);
}
