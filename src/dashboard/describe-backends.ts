/** Servers as each balancer sees them, and what flows from balancers to nodes. Pure. */
import { nameServer } from '../balancer/backends.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { ClusterStatus } from '../pipeline/read-status.ts';
import type { BalancerRates } from './rates.ts';
import type { BackendRow, Link, ServerCell } from './state.ts';

type ServerRates = BalancerRates['servers'][number];

/** By name of the balancer, those that answer. */
type AllRates = ReadonlyMap<string, BalancerRates>;

/** Names of the servers that have a running task behind them. */
export function listRunningServers(status: ClusterStatus | undefined): Set<string> {
  return new Set(
    (status?.stacks ?? [])
      .flatMap(({ services }) => services)
      .flatMap(({ key, color, nodes }) => nodes.map((node) => nameServer(node, key, color))),
  );
}

/** Each backend and server once, in the order of the first balancer that has it. */
export function describeBackends(rates: AllRates, running: Set<string>): BackendRow[] {
  const rows = new Map<string, Map<string, Record<string, ServerCell>>>();
  for (const [balancer, { servers }] of rates) {
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

function describeServer(server: ServerRates, running: Set<string>): ServerCell {
  return {
    state: isStandby(server, running) ? 'standby' : server.state,
    says: server.says,
    requestsPerSecond: Math.round(server.requestsPerSecond * 10) / 10,
    responseMs: server.responseMs,
  };
}

/** One link for each balancer and node with servers; an engine that tells nothing of servers has none. */
export function describeLinks(
  { nodes }: Pick<Cluster, 'nodes'>,
  rates: AllRates,
  running: Set<string>,
): Link[] {
  return [...rates].flatMap(([balancer, { servers }]) =>
    nodes.flatMap(({ name: node, address }): Link[] => {
      const own = servers.filter(
        (server) => server.address.startsWith(`${address}:`) && !isStandby(server, running),
      );
      if (own.length === 0) return [];
      const requests = own.reduce((sum, { requestsPerSecond }) => sum + requestsPerSecond, 0);
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
function isStandby({ state, name }: ServerRates, running: Set<string>): boolean {
  return state === 'drain' && running.size > 0 && !running.has(name);
}
