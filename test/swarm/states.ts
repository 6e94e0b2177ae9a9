import type { Cluster, ClusterNode, NodeRole } from '../../src/cluster/cluster.ts';
import type { EngineState, MemberState, NodeEngine, SwarmObserved } from '../../src/swarm/swarm-state.ts';

const ssh = { user: 'root', port: 22 };

/** An address that only this node has. */
export function addressOf(name: string): string {
  return `198.18.0.${name.charCodeAt(0)}${name.slice(1)}`;
}

export function makeNode(name: string, role: NodeRole, extra: Partial<ClusterNode> = {}): ClusterNode {
  return { name, address: addressOf(name), role, labels: {}, availability: 'active', ssh, ...extra };
}

export function makeCluster(...nodes: ClusterNode[]): Cluster {
  return {
    name: 'test',
    file: '/cluster.yml',
    nodes,
    stacks: [],
    images: { archives: {} },
    variables: {},
    warnings: [],
  };
}

/** An engine that is in no swarm. */
export function makeEngine(name: string, extra: Partial<EngineState> = {}): EngineState {
  return {
    kind: 'engine',
    hostname: name,
    state: 'inactive',
    nodeId: '',
    managerAddresses: [],
    manager: false,
    ...extra,
  };
}

export function makeMember(
  name: string,
  role: 'manager' | 'worker',
  extra: Partial<MemberState> = {},
): MemberState {
  return {
    id: `id-${name}`,
    hostname: name,
    address: addressOf(name),
    role,
    availability: 'active',
    labels: {},
    status: 'ready',
    ...(role === 'manager' ? { reachability: 'reachable' } : {}),
    leader: false,
    ...extra,
  };
}

/** A swarm as its managers see it, with each of its nodes' engines agreeing. */
export function makeSwarm(members: MemberState[], engines: Record<string, NodeEngine> = {}): SwarmObserved {
  const managers = members.filter(({ role }) => role === 'manager');
  const agreeing = members.map((member): [string, EngineState] => [
    member.hostname,
    makeEngine(member.hostname, {
      state: 'active',
      nodeId: member.id,
      managerAddresses: managers.map(({ address }) => address),
      manager: member.role === 'manager',
      ...(member.role === 'manager' ? { clusterId: 'ours' } : {}),
    }),
  ]);
  const all = { ...Object.fromEntries(agreeing), ...engines };
  const views = managers
    .filter(({ hostname }) => {
      const engine = all[hostname];
      return engine?.kind === 'engine' && engine.manager;
    })
    .map(({ hostname }) => ({ manager: hostname, clusterId: 'ours', members }));
  return { engines: all, views };
}
