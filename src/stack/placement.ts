/** Which nodes a service may run on, from its placement constraints. Pure; the balancer and the images layer ask too. */

import type { ClusterNode } from '../cluster/cluster.ts';

/** What a constraint can look at. Source: swarmkit `manager/constraint`. */
export interface PlacementNode {
  id?: string;
  hostname: string;
  role: 'manager' | 'worker';
  labels: Record<string, string>;
  engineLabels?: Record<string, string>;
  platform?: { os?: string; architecture?: string };
  availability?: 'active' | 'pause' | 'drain';
  address?: string;
}

/** A node of the cluster file as its swarm will see it. */
export function toPlacementNode(node: ClusterNode): PlacementNode & { address: string } {
  return {
    hostname: node.name,
    role: node.role === 'manager' ? 'manager' : 'worker',
    labels: node.labels,
    availability: node.availability,
    address: node.address,
  };
}

/** The constraints that a cluster file can answer: it says nothing of a node's id, platform and engine labels. */
export function selectKnowableConstraints(constraints: string[] = []): string[] {
  return constraints.filter((text) => /^\s*node\.(hostname|role|ip|labels\.)/i.test(text));
}

const expression = /^\s*([a-z][a-zA-Z0-9_.-]*)\s*(==|!=)\s*(.*?)\s*$/;

/** The nodes that satisfy every constraint; an unreadable constraint satisfies none, as in swarm. */
export function findEligibleNodes<Node extends PlacementNode>(constraints: string[], nodes: Node[]): Node[] {
  return nodes.filter(
    (node) =>
      (node.availability ?? 'active') === 'active' && constraints.every((text) => satisfies(text, node)),
  );
}

function satisfies(text: string, node: PlacementNode): boolean {
  const match = expression.exec(text);
  if (!match) return false;
  const [, key = '', operator, wanted = ''] = match;
  const actual = readAttribute(key, node);
  if (actual === undefined) return false;
  // swarm compares without regard to case (swarmkit constraint.go, Match)
  const same = actual.toLowerCase() === wanted.toLowerCase();
  return operator === '==' ? same : !same;
}

/** `undefined` for a key that swarm doesn't know; a label that isn't set reads as empty. */
function readAttribute(key: string, node: PlacementNode): string | undefined {
  const lower = key.toLowerCase();
  if (lower === 'node.id') return node.id ?? '';
  if (lower === 'node.hostname') return node.hostname;
  if (lower === 'node.role') return node.role;
  if (lower === 'node.ip') return node.address ?? '';
  if (lower === 'node.platform.os') return node.platform?.os ?? 'linux';
  if (lower === 'node.platform.arch') return node.platform?.architecture ?? '';
  if (lower.startsWith('node.labels.')) return node.labels[key.slice('node.labels.'.length)] ?? '';
  if (lower.startsWith('engine.labels.'))
    return node.engineLabels?.[key.slice('engine.labels.'.length)] ?? '';
  return undefined;
}
