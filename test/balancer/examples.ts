import type { Cluster, ClusterNode, NodeRole } from '../../src/cluster/cluster.ts';
import { readYaml } from '../../src/input/yaml-input.ts';
import type { ServiceDefinition, StackDefinition } from '../../src/stack/definition.ts';
import type { PortConfig } from '../../src/stack/engine-types.ts';

export function buildNode(
  name: string,
  address: string,
  role: NodeRole,
  part: Partial<ClusterNode> = {},
): ClusterNode {
  return {
    name,
    address,
    role,
    labels: {},
    availability: 'active',
    ssh: { user: 'root', port: 22 },
    ...part,
  };
}

/** Two balancers with a virtual address, a manager, two workers. */
export function buildCluster(part: Partial<Cluster> = {}): Cluster {
  return {
    name: 'example',
    file: '/work/cluster.yml',
    nodes: [
      buildNode('lb1', '192.0.2.11', 'balancer'),
      buildNode('lb2', '192.0.2.12', 'balancer'),
      buildNode('manager1', '192.0.2.13', 'manager'),
      buildNode('worker1', '192.0.2.14', 'worker', { labels: { zone: 'a' } }),
      buildNode('worker2', '192.0.2.15', 'worker', { labels: { zone: 'b' } }),
    ],
    balancer: { engine: 'haproxy', vip: { address: '192.0.2.20', prefixLength: 24 }, failover: 'safe' },
    images: { archives: {} },
    variables: {},
    warnings: [],
    ...part,
  };
}

export function buildService(
  key: string,
  ports: (PortConfig | [published: number, target: number])[],
  constraints: string[] = ['node.role == worker'],
): ServiceDefinition {
  return {
    key,
    dependsOn: [],
    spec: {
      Name: `example_${key}`,
      TaskTemplate: { ContainerSpec: { Image: `${key}:1` }, Placement: { Constraints: constraints } },
      EndpointSpec: {
        Ports: ports.map((port) =>
          Array.isArray(port)
            ? { Protocol: 'tcp', PublishedPort: port[0], TargetPort: port[1], PublishMode: 'host' }
            : port,
        ),
      },
    },
  };
}

export const services = [
  buildService('fastapi', [[8000, 8000]]),
  buildService('flask', [[5000, 5000]]),
  buildService('mysql', [[3306, 3306]], ['node.labels.zone == a']),
  buildService('minio1', [[9001, 9000]], ['node.labels.zone == a']),
  buildService('minio2', [[9002, 9000]], ['node.labels.zone == b']),
];

/** A stack whose compose file holds this `x-balancer` section, as YAML text that starts in line 1. */
export function buildStack(xBalancer?: string, all: ServiceDefinition[] = services): StackDefinition {
  const document = readYaml(xBalancer ?? '', '/work/compose.yml');
  return {
    name: 'example',
    file: '/work/compose.yml',
    networks: [],
    configs: [],
    secrets: [],
    services: all,
    external: { networks: [], configs: [], secrets: [] },
    ...(xBalancer !== undefined && {
      xBalancer: { value: document.raw, locate: (path) => document.locate(path) },
    }),
    warnings: [],
  };
}

export const fullSection = `
web:
  listen: 80
  balance: leastconn
  maxconn: 64
  timeouts: {server: 30s}
  routes:
    - {path: /api/, service: fastapi, port: 8000, check: GET /healthz}
    - {host: Admin.Example.org, path: /x, service: flask}
    - {service: flask, port: 5000, check: HEAD /healthz}
mysql: {listen: 3306, mode: tcp, service: mysql}
s3: {listen: 9000, service: [minio1, minio2], port: 9000, check: GET /minio/health/live, balance: source}
`;
