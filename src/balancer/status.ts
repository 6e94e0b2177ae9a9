import { balancers, type Cluster, type ClusterNode } from '../cluster/cluster.ts';
import { UserError } from '../errors.ts';
import type { Hosts } from '../remote/host.ts';
import { askHaproxy } from './haproxy/runtime-api.ts';
import { type BackendState, parseStatistics } from './haproxy/stats.ts';
import { observeBalancer } from './observe.ts';
import { partUnits } from './parts.ts';
import { findHolders, judgeHolders } from './plan.ts';

export interface BalancerNodeStatus {
  name: string;
  address: string;
  /** Why it can't be told how this balancer is; the rest is then absent or empty. */
  unreachable?: string;
  /** As systemd says: `active`, `failed`, …; empty when it isn't installed. */
  haproxy: string;
  haproxyVersion?: string;
  keepalived: string;
  holdsVip: boolean;
  /** As this balancer sees them; empty when its HAProxy doesn't answer. */
  backends: BackendState[];
}

export interface BalancerStatus {
  vip?: {
    address: string;
    /** One when all is well. */
    holders: string[];
    /** What is wrong, in words. */
    problem?: string;
  };
  nodes: BalancerNodeStatus[];
}

/** How the balancers are: services, holder of the virtual address, servers. A balancer that can't be reached is part of the answer. */
export async function readBalancerStatus(cluster: Cluster, hosts: Hosts): Promise<BalancerStatus> {
  const read = await Promise.all(balancers(cluster).map((node) => readNode(node, cluster, hosts)));
  const address = cluster.balancer?.vip?.address;
  if (address === undefined) return { nodes: read };
  const holders = read.filter((node) => node.holdsVip).map((node) => node.name);
  const problem = judgeHolders(cluster, holders);
  return { vip: { address, holders, ...(problem !== undefined && { problem }) }, nodes: read };
}

async function readNode(node: ClusterNode, cluster: Cluster, hosts: Hosts): Promise<BalancerNodeStatus> {
  const { name, address } = node;
  try {
    const host = await hosts.connect(name);
    const [seen, statistics] = await Promise.all([
      observeBalancer(node, host),
      askHaproxy(host, 'show stat').catch(() => ''),
    ]);
    return {
      name,
      address,
      haproxy: seen.haproxyVersion === undefined ? '' : (seen.units[partUnits.haproxy]?.active ?? ''),
      ...(seen.haproxyVersion !== undefined && { haproxyVersion: seen.haproxyVersion }),
      keepalived:
        seen.keepalivedVersion === undefined ? '' : (seen.units[partUnits.keepalived]?.active ?? ''),
      holdsVip: findHolders(cluster, [seen]).length > 0,
      backends: parseStatistics(statistics),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return {
      name,
      address,
      unreachable: error.message,
      haproxy: '',
      keepalived: '',
      holdsVip: false,
      backends: [],
    };
  }
}
