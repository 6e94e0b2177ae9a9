import { balancers, type Cluster, type ClusterNode, listVirtualAddresses } from '../cluster/cluster.ts';
import type { EngineName } from '../cluster/engine-name.ts';
import { UserError } from '../errors.ts';
import type { Host, Hosts } from '../remote/host.ts';
import { type CertificateStatus, listCertificates } from './certificate-expiry.ts';
import { foldReadsStatus } from './haproxy/reads.ts';
import { askHaproxy } from './haproxy/runtime-api.ts';
import { type BackendState, parseStatistics } from './haproxy/stats.ts';
import { askWhoHas } from './keepalived/ask-who-has.ts';
import { type Holding, listHolders } from './keepalived/holders.ts';
import { judgeNetworkView, type NetworkView } from './keepalived/judge-network-view.ts';
import { viewNginx } from './nginx/ask-nginx.ts';
import { groupServers } from './nginx/live.ts';
import { observeBalancer } from './observe.ts';
import { partUnits } from './parts.ts';

export interface BalancerNodeStatus {
  name: string;
  address: string;
  /** Why it can't be told how this balancer is; the rest is then absent or empty. */
  unreachable?: string;
  /** The engine the cluster file asks for. */
  engine: EngineName;
  /** What systemd says of it: `active`, `failed`, …; empty when it isn't installed. */
  engineState: string;
  engineVersion?: string;
  keepalived: string;
  /** The virtual addresses it holds. */
  holds: string[];
  /** As this balancer sees them; empty when its engine doesn't answer. */
  backends: BackendState[];
  certificates: CertificateStatus[];
}

export interface BalancerStatus {
  /** The first of `vips`; absent without a virtual address. */
  vip?: Holding;
  /** Who holds each virtual address, in the order of the cluster file. */
  vips: Holding[];
  nodes: BalancerNodeStatus[];
}

/** How the balancers are: services, holder of the virtual address, servers. A balancer that can't be reached is part of the answer. */
export async function readBalancerStatus(cluster: Cluster, hosts: Hosts): Promise<BalancerStatus> {
  const [read, view] = await Promise.all([
    Promise.all(balancers(cluster).map((node) => readNode(node, cluster, hosts))),
    askWhoHas(cluster, hosts),
  ]);
  const carried = read.map(({ name, holds }) => ({ node: name, addresses: holds }));
  const vips = listHolders(cluster, carried).map((holding) => addNetworkView(holding, view));
  return { ...(vips[0] && { vip: vips[0] }), vips, nodes: read };
}

function addNetworkView(holding: Holding, view: NetworkView | undefined): Holding {
  const problems = [holding.problem, view && judgeNetworkView(holding, view)].filter(
    (problem) => problem !== undefined,
  );
  return problems.length === 0 ? holding : { ...holding, problem: problems.join('; ') };
}

async function readNode(node: ClusterNode, cluster: Cluster, hosts: Hosts): Promise<BalancerNodeStatus> {
  const { name, address } = node;
  const engine = cluster.balancer?.engine ?? 'haproxy';
  try {
    const host = await hosts.connect(name);
    const [seen, backends] = await Promise.all([
      observeBalancer(node, host),
      // An engine that doesn't answer is told of by its unit's state.
      readBackends(host, engine).catch(() => []),
    ]);
    const engineVersion = engine === 'haproxy' ? seen.haproxyVersion : seen.nginxVersion;
    return {
      name,
      address,
      engine,
      engineState: engineVersion === undefined ? '' : (seen.units[partUnits[engine]]?.active ?? ''),
      ...(engineVersion !== undefined && { engineVersion }),
      keepalived:
        seen.keepalivedVersion === undefined ? '' : (seen.units[partUnits.keepalived]?.active ?? ''),
      holds: listVirtualAddresses(cluster)
        .map(({ address }) => address)
        .filter((address) => seen.addresses.includes(address)),
      backends,
      certificates: listCertificates(seen, engine, Date.now()),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return {
      name,
      address,
      unreachable: error.message,
      engine,
      engineState: '',
      keepalived: '',
      holds: [],
      backends: [],
      certificates: [],
    };
  }
}

async function readBackends(host: Host, engine: EngineName): Promise<BackendState[]> {
  if (engine === 'nginx') return groupServers(await viewNginx(host));
  return foldReadsStatus(parseStatistics(await askHaproxy(host, 'show stat')));
}
