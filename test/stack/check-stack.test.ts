import { describe, expect, test } from 'vitest';
import type { Cluster, ClusterNode } from '../../src/cluster/cluster.ts';
import { checkStack } from '../../src/stack/check-stack.ts';
import type { ServiceSpec } from '../../src/stack/engine-types.ts';
import { makeDefinition, makeSpec } from './builders.ts';

const ssh = { user: 'root', port: 22 };
const node = (name: string, role: ClusterNode['role'], more: Partial<ClusterNode> = {}): ClusterNode => ({
  name,
  address: '198.18.0.9',
  role,
  labels: {},
  availability: 'active',
  ssh,
  ...more,
});
const cluster: Cluster = {
  name: 'lab',
  file: '/app/cluster.yml',
  nodes: [
    node('vm-balancer', 'balancer'),
    node('vm-manager', 'manager'),
    node('vm-worker1', 'worker', { labels: { zone: 'a' } }),
    node('vm-worker2', 'worker', { labels: { zone: 'b' } }),
    node('vm-resting', 'worker', { availability: 'drain' }),
  ],
  stacks: [],
  images: { archives: {} },
  variables: {},
  warnings: [],
};

const on =
  (...Constraints: string[]) =>
  (s: ServiceSpec) => {
    s.TaskTemplate.Placement = { ...s.TaskTemplate.Placement, Constraints };
  };
const publish =
  (PublishedPort: number, PublishMode = 'host', Protocol?: string) =>
  (s: ServiceSpec) => {
    const port = { TargetPort: 80, PublishedPort, PublishMode, ...(Protocol !== undefined && { Protocol }) };
    s.EndpointSpec = { ...s.EndpointSpec, Ports: [...(s.EndpointSpec?.Ports ?? []), port] };
  };
const replicas = (Replicas: number) => (s: ServiceSpec) => {
  s.Mode = { Replicated: { Replicas } };
};
const everywhere = (s: ServiceSpec) => {
  s.Mode = { Global: {} };
};
const make = (name: string, ...changes: ((s: ServiceSpec) => unknown)[]) =>
  makeSpec(name, (spec) => changes.forEach((change) => void change(spec)));

function check(...services: ServiceSpec[]): string[] {
  return checkStack(makeDefinition(services), cluster).map(
    ({ path, message, next }) => `${path}: ${message} → ${next}`,
  );
}

test('a constraint that is spelt right is not corrected into itself', () => {
  const managersOnly = { ...cluster, nodes: [node('vm-manager', 'manager')] };
  for (const constraint of ['node.role == worker', 'node.role != manager']) {
    const [problem] = checkStack(makeDefinition([make('db', on(constraint))]), managersOnly);
    expect(problem?.next).toBe('loosen the constraint, or add a node to the cluster file that meets it');
  }
});

describe('a stack is refused', () => {
  test.each<[string, ServiceSpec[], string[]]>([
    [
      'with a node that does not exist',
      [make('db', on('node.hostname == vm-worker3'))],
      [
        'services.db.deploy.placement.constraints: no node of the cluster meets db\'s constraint "node.hostname == vm-worker3" → did you mean "vm-worker1"?',
      ],
    ],
    [
      'with a node that runs no engine',
      [make('db', on('node.hostname == vm-balancer'))],
      [
        'services.db.deploy.placement.constraints: no node of the cluster meets db\'s constraint "node.hostname == vm-balancer" → nodes that can run services: vm-manager, vm-worker1, vm-worker2, vm-resting',
      ],
    ],
    [
      'with a node that is drained',
      [make('db', on('node.hostname == vm-resting'))],
      [
        'services.db.deploy.placement.constraints: no node of the cluster meets db\'s constraint "node.hostname == vm-resting" → vm-resting would, but its availability in the cluster file isn\'t active',
      ],
    ],
    [
      'with a label that no node has',
      [make('db', on('node.labels.disk == ssd'))],
      [
        'services.db.deploy.placement.constraints: no node of the cluster meets db\'s constraint "node.labels.disk == ssd" → give a node of the cluster file the label: `labels: {disk: ssd}`',
      ],
    ],
    [
      'with constraints that no one node meets together',
      [make('db', on('node.role == manager', 'node.labels.zone == a'))],
      [
        "services.db.deploy.placement.constraints: no node of the cluster meets all of db's constraints: node.role == manager, node.labels.zone == a → loosen one of them, or add a node to the cluster file that meets them all",
      ],
    ],
    [
      'with more replicas than nodes that have the host port',
      [make('web', on('node.role == worker'), publish(8000), replicas(3))],
      [
        'services.web.deploy.replicas: web wants 3 replicas with host port 8000, but may run on 2 nodes (vm-worker1, vm-worker2): each node has the port once → ask for at most 2, or publish the port with `mode: ingress`',
      ],
    ],
    [
      'with more replicas than a node may have',
      [
        make('web', replicas(7), (s) => {
          s.TaskTemplate.Placement = { MaxReplicas: 2 };
        }),
      ],
      [
        'services.web.deploy.placement.max_replicas_per_node: web wants 7 replicas, but at most 2 a node on 3 nodes (vm-manager, vm-worker1, vm-worker2) makes 6 → ask for fewer replicas, allow more a node, or loosen the placement',
      ],
    ],
    [
      'with one host port for two services on one node',
      [make('a', publish(8000), on('node.role == worker')), make('b', publish(8000), everywhere)],
      [
        'services.b.ports: a and b both publish port 8000 on the host, and both may run on vm-worker1, vm-worker2 → give one of them another published port, or constraints that keep them on different nodes',
      ],
    ],
    [
      'with one ingress port for two services',
      [make('a', publish(8000, 'ingress')), make('b', publish(8000), on('node.hostname==vm-worker1'))],
      [
        'services.b.ports: a and b both publish port 8000: a port of the ingress mesh is taken on every node → give one of them another published port',
      ],
    ],
    [
      'with an ingress port and no virtual address',
      [
        make('a', publish(8000, 'ingress'), (s) => {
          s.EndpointSpec = { ...s.EndpointSpec, Mode: 'dnsrr' };
        }),
      ],
      [
        'services.a.ports: a has `endpoint_mode: dnsrr`, and port 8000 through the ingress mesh needs a virtual address → publish the port with `mode: host`, or take `endpoint_mode: dnsrr` away',
      ],
    ],
  ])('%s', (_, services, expected) => {
    expect(check(...services)).toEqual(expected);
  });
});

describe('a stack is accepted', () => {
  test.each<[string, ServiceSpec[]]>([
    ['with a node of any spelling', [make('db', on('node.hostname==VM-WORKER1'))]],
    [
      'with constraints only the swarm can judge',
      [make('db', on('node.platform.arch == riscv', 'engine.labels.x == y'))],
    ],
    ['with a replica for each node that has the port', [make('web', publish(80), replicas(3))]],
    [
      'with one port on different nodes',
      [make('a', publish(80), on('node.labels.zone==a')), make('b', publish(80), on('node.labels.zone!=a'))],
    ],
    ['with one port for two protocols', [make('a', publish(53)), make('b', publish(53, 'host', 'udp'))]],
    [
      'with one service that publishes a port twice, for two protocols',
      [make('a', publish(53), publish(53, 'host', 'udp'))],
    ],
    ['with no replicas at all', [make('a', replicas(0), publish(80))]],
  ])('%s', (_, services) => {
    expect(check(...services)).toEqual([]);
  });
});

test('a problem says where it stands when the compose file can tell', () => {
  const definition = makeDefinition([make('db', on('node.hostname == nowhere'))], {
    locate: (path) => ({ file: '/app/other.yml', line: path.length, column: 3 }),
  });
  expect(checkStack(definition, cluster)[0]).toMatchObject({ file: '/app/other.yml', line: 5, column: 3 });
});
