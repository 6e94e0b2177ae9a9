/** The nodes of a cluster as swarm and balancers see them. */
import { chooseNodeServers } from '../balancer/choose-servers.ts';
import { viewBalancers } from '../balancer/live.ts';
import { hasRotation } from '../balancer/rotation.ts';
import { type Cluster, type NodeRole, swarmNodes } from '../cluster/cluster.ts';
import type { Hosts } from '../remote/host.ts';
import { isAlive } from '../stack/list-stayers.ts';
import { observeAllTasks } from '../stack/observe-tasks.ts';
import { listMembers } from '../swarm/change-member.ts';
import { connectManager } from '../swarm/connect-manager.ts';
import { describeDrainedBy, readDrainedBy } from '../swarm/drained-by.ts';

export interface ListedNode {
  name: string;
  address: string;
  role: NodeRole;
  leader: boolean;
  labels: Record<string, string>;
  /** `ready`, `down` …; absent for balancers and for what isn't in the swarm. */
  state?: string;
  availability?: 'active' | 'pause' | 'drain';
  /** Who drained it by hand, and since when. */
  drained?: string;
  /** Tasks that run on it. */
  tasks?: number;
  /** Its servers, counted once a balancer, and those that take requests; absent where no balancer knows it. */
  servers?: { total: number; ready: number };
}

/** In the order of the cluster file. @throws UserError when no manager answers. */
export async function listClusterNodes(cluster: Cluster, hosts: Hosts): Promise<ListedNode[]> {
  const { engine } = await connectManager(cluster, hosts);
  const [members, { tasks }, views] = await Promise.all([
    listMembers(cluster, hosts),
    observeAllTasks(engine),
    hasRotation(cluster) ? viewBalancers(cluster, hosts) : [],
  ]);
  const inSwarm = new Set(swarmNodes(cluster).map(({ name }) => name));
  return cluster.nodes.map(({ name, address, role, labels }): ListedNode => {
    const member = members.find(({ hostname }) => hostname === name);
    const base = { name, address, role, leader: member?.leader ?? false, labels };
    if (!member || !inSwarm.has(name)) return base;
    const mark = readDrainedBy(member);
    const servers = views.flatMap(({ live }) =>
      (live?.servers ?? []).filter(chooseNodeServers(cluster, name)),
    );
    return {
      ...base,
      state: member.status,
      availability: member.availability,
      ...(mark !== undefined && { drained: describeDrainedBy(mark) }),
      tasks: tasks.filter((task) => task.NodeID === member.id && isAlive(task)).length,
      ...(servers.length > 0 && {
        servers: {
          total: servers.length,
          ready: servers.filter(({ admin, up }) => admin === 'ready' && up).length,
        },
      }),
    };
  });
}
