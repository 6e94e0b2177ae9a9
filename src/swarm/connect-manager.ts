/** How every other layer gets at the swarm: the engine of a manager that answers for all of it. */
import type Docker from 'dockerode';
import type { Cluster, ClusterNode } from '../cluster/cluster.ts';
import { managers, swarmNodes } from '../cluster/cluster.ts';
import { UserError } from '../errors.ts';
import type { Hosts } from '../remote/host.ts';
import { within } from '../remote/within.ts';
import { describeEngineError } from './describe-engine-error.ts';

export interface ManagerConnection {
  node: ClusterNode;
  engine: Docker;
}

export type ManagerSearch =
  | ({ kind: 'found' } & ManagerConnection)
  /** No node of the cluster answers as a manager; one reason a node that was asked. */
  | { kind: 'absent'; reason: string; reasons: string[] };

/**
 * Finds a manager that answers for the swarm, asking all managers of the cluster file side by side and then, for a
 * node whose role is about to change, the workers. A dead manager therefore costs nothing while another lives.
 *
 * @throws the first node's `ConnectionError` when not one of them can be reached.
 */
export async function findManager(cluster: Cluster, hosts: Hosts): Promise<ManagerSearch> {
  const first = managers(cluster);
  const rest = swarmNodes(cluster).filter((node) => node.role !== 'manager');
  const failures: unknown[] = [];
  for (const nodes of [first, rest]) {
    const attempts = nodes.map((node) => askManager(node, hosts));
    try {
      return { kind: 'found', ...(await Promise.any(attempts)) };
    } catch (error) {
      failures.push(...(error as AggregateError).errors);
    }
  }
  const reasons = failures.filter((error) => error instanceof NotManager).map((error) => error.message);
  if (reasons.length === 0 && failures.length > 0) throw failures[0];
  return { kind: 'absent', reason: reasons[0] ?? 'the cluster has no manager', reasons };
}

/**
 * The engine of a reachable manager, for the layers that need one.
 *
 * @throws `UserError` when no node answers as a manager: no swarm yet, or its quorum is lost.
 */
export async function connectManager(cluster: Cluster, hosts: Hosts): Promise<ManagerConnection> {
  const search = await findManager(cluster, hosts);
  if (search.kind === 'found') return { node: search.node, engine: search.engine };
  throw new UserError('no manager of the swarm answers', {
    details: search.reasons,
    next: '`kawanan plan` shows what is missing, `kawanan up` makes the swarm',
  });
}

/** A node that was reached and doesn't answer for the swarm. */
class NotManager extends Error {}

const questionTimeoutMs = 10_000;

async function askManager(node: ClusterNode, hosts: Hosts): Promise<ManagerConnection> {
  const host = await hosts.connect(node.name);
  const engine = host.engine();
  try {
    // Only a manager whose swarm has a quorum answers this one.
    await within(questionTimeoutMs, engine.listNodes());
    return { node, engine };
  } catch (error) {
    throw new NotManager(`${node.name}: ${describeEngineError(error)}`);
  }
}
