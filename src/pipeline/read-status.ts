/** How a cluster is right now, read side by side; what can't be reached is part of the answer. */
import type { BalancerStatus } from '../balancer/status.ts';
import { balancers, type Cluster, type NodeRole } from '../cluster/cluster.ts';
import { UserError } from '../errors.ts';
import type { Hosts } from '../remote/host.ts';
import type { StackStatus } from '../stack/status.ts';
import type { MemberState } from '../swarm/swarm-state.ts';
import { listDegradations } from './list-degradations.ts';

export interface NodeStatus {
  name: string;
  address: string;
  role: NodeRole;
  /** Why it can't be reached over SSH; absent when it can. */
  unreachable?: string;
  /** As the swarm sees it; absent for balancers and where there is no swarm. */
  swarm?: MemberState;
}

export interface ClusterStatus {
  cluster: string;
  nodes: NodeStatus[];
  /** Why nothing is known of the swarm and its services; absent when all is. */
  swarmUnknown?: string;
  /** In the order of the cluster file; none where nothing is known of the swarm. */
  stacks: StackStatus[];
  balancers?: BalancerStatus['nodes'];
  /** The first of `vips`. */
  vip?: NonNullable<BalancerStatus['vip']>;
  vips?: BalancerStatus['vips'];
  /** What is not as it should be, one line each; empty when all is well. */
  degraded: string[];
}

/** Reads nodes, services and balancers. Throws only what is a defect of ours. */
export async function readClusterStatus(cluster: Cluster, hosts: Hosts): Promise<ClusterStatus> {
  const [reached, swarm, balancer] = await Promise.all([
    Promise.all(cluster.nodes.map(({ name }) => explainUnreachable(name, hosts))),
    readSwarm(cluster, hosts),
    readBalancers(cluster, hosts),
  ]);
  const nodes = cluster.nodes.map(({ name, address, role }, index): NodeStatus => {
    const unreachable = reached[index];
    const member = swarm.nodes?.find(({ hostname }) => hostname === name);
    return {
      name,
      address,
      role,
      ...(unreachable !== undefined && { unreachable }),
      ...(member && { swarm: member }),
    };
  });
  const status: ClusterStatus = {
    cluster: cluster.name,
    nodes,
    ...(swarm.unknown !== undefined && { swarmUnknown: swarm.unknown }),
    stacks: swarm.stacks ?? [],
    ...(balancer && { balancers: balancer.nodes }),
    ...(balancer?.vip && { vip: balancer.vip, vips: balancer.vips }),
    degraded: [],
  };
  return { ...status, degraded: listDegradations(status) };
}

async function explainUnreachable(name: string, hosts: Hosts): Promise<string | undefined> {
  try {
    await hosts.connect(name);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

interface SwarmRead {
  nodes?: MemberState[];
  stacks?: StackStatus[];
  unknown?: string;
}

async function readSwarm(cluster: Cluster, hosts: Hosts): Promise<SwarmRead> {
  const [{ findManager }, { parseMember }, { readStackStatus }] = await Promise.all([
    import('../swarm/connect-manager.ts'),
    import('../swarm/parse-swarm.ts'),
    import('../stack/status.ts'),
  ]);
  try {
    const manager = await findManager(cluster, hosts);
    if (manager.kind === 'absent') return { unknown: manager.reason };
    const [nodes, stacks] = await Promise.all([
      manager.engine.listNodes(),
      Promise.all(cluster.stacks.map(({ name }) => readStackStatus(manager.engine, name))),
    ]);
    return { nodes: nodes.map(parseMember), stacks };
  } catch (error) {
    if (error instanceof UserError) return { unknown: error.message };
    throw error;
  }
}

async function readBalancers(cluster: Cluster, hosts: Hosts): Promise<BalancerStatus | undefined> {
  if (balancers(cluster).length === 0) return undefined;
  const { readBalancerStatus } = await import('../balancer/status.ts');
  return readBalancerStatus(cluster, hosts);
}
