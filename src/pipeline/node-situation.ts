/** What a node does right now, across the layers: what must be known before it is taken away. */
import { chooseNodeServers } from '../balancer/choose-servers.ts';
import { type BalancerView, viewBalancers } from '../balancer/live.ts';
import { findLastServers, hasRotation } from '../balancer/rotation.ts';
import { type Cluster, type ClusterNode, swarmNodes } from '../cluster/cluster.ts';
import { InputError, type Problem } from '../errors.ts';
import { suggestWord } from '../input/nearest-word.ts';
import type { Hosts } from '../remote/host.ts';
import { isAlive, listStayers, type Stayer } from '../stack/list-stayers.ts';
import { observeAllTasks } from '../stack/observe-tasks.ts';
import type { Snapshot } from '../stack/snapshots.ts';
import { findMember, listMembers } from '../swarm/change-member.ts';
import { connectManager } from '../swarm/connect-manager.ts';
import type { MemberState } from '../swarm/swarm-state.ts';

export interface NodeSituation {
  node: ClusterNode;
  member: MemberState;
  members: MemberState[];
  snapshot: Snapshot;
  /** Tasks that run on the node. */
  taskCount: number;
  stayers: Stayer[];
  /** Backends that would have no server left. */
  emptied: string[];
  views: BalancerView[];
}

/** A node of the swarm by its name in the cluster file. @throws InputError that names the nearest one. */
export function findSwarmNode(cluster: Cluster, name: string): ClusterNode {
  const node = cluster.nodes.find((one) => one.name === name);
  if (node?.role === 'balancer')
    throw new InputError({
      message: `${name} is a balancer and in no swarm`,
      next: `name one of ${swarmNodes(cluster)
        .map((one) => one.name)
        .join(', ')}`,
    });
  if (node) return node;
  throw new InputError({
    file: cluster.file,
    message: `the cluster has no node ${JSON.stringify(name)}`,
    next: suggestWord(
      name,
      swarmNodes(cluster).map((one) => one.name),
    ),
  });
}

/** The same of several. @throws InputError with every name that is none. */
export function findSwarmNodes(cluster: Cluster, names: readonly string[]): ClusterNode[] {
  const problems: Problem[] = [];
  const found = names.flatMap((name) => {
    try {
      return [findSwarmNode(cluster, name)];
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  if (problems.length > 0) throw new InputError(problems);
  return found;
}

/** Reads swarm, tasks and balancers side by side. Changes nothing. */
export async function readNodeSituation(
  cluster: Cluster,
  hosts: Hosts,
  name: string,
): Promise<NodeSituation> {
  const node = findSwarmNode(cluster, name);
  const { engine } = await connectManager(cluster, hosts);
  const [members, snapshot, views] = await Promise.all([
    listMembers(cluster, hosts),
    observeAllTasks(engine),
    hasRotation(cluster) ? viewBalancers(cluster, hosts) : [],
  ]);
  const member = findMember(members, name);
  return {
    node,
    member,
    members,
    snapshot,
    taskCount: snapshot.tasks.filter((task) => task.NodeID === member.id && isAlive(task)).length,
    stayers: listStayers(member.id, snapshot.services, snapshot.tasks, snapshot.nodes),
    emptied: findLastServers(views, chooseNodeServers(cluster, name)),
    views,
  };
}
