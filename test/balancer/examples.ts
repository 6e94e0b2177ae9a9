import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificate, Materials } from '../../src/balancer/materials.ts';
import { readCertificate } from '../../src/balancer/read-certificate.ts';
import type { Cluster, ClusterNode, NodeRole } from '../../src/cluster/cluster.ts';
import { readYaml } from '../../src/input/yaml-input.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
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
    stacks: [],
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

/** All that both engines can do. */
export const richSection = `
plain: {listen: 80, redirect: https}
web:
  listen: 443
  balance: leastconn
  maxconn: 64
  weights: {worker1: 3}
  backup: [fastapi]
  max_body: 10M
  rate_limit: {requests: 100, per: 10s}
  maintenance: {page: page.html}
  timeouts: {client: 30s, server: 2m, connect: 1s, check: 2s}
  tls: {certificate: www_tls, key: www_key, more: [{certificate: other_tls}], hsts: 180d}
  routes:
    - {host: other.example.org, path: /api, service: fastapi}
    - {path: /api, service: [fastapi, flask]}
    - {service: flask}
closed: {listen: 8080, service: flask, maintenance: {on: true}}
sticks: {listen: 8081, service: flask, balance: ip_hash}
mysql: {listen: 3306, mode: tcp, service: mysql, balance: source, check: tcp, tls: {certificate: other_tls}}
`;

/** A text of test/fixtures/balancer/tls as the value of a secret. */
export function readPem(...names: string[]): SecretValue {
  const folder = join(import.meta.dirname, '../fixtures/balancer/tls');
  return new SecretValue(names.map((name) => readFileSync(join(folder, name), 'utf8')).join(''));
}

export function buildCertificate(name: string, pem: 'www' | 'other'): Certificate {
  const read = readCertificate(name, readPem(`${pem}.pem`), readPem(`${pem}.key`));
  if ('problem' in read) throw new Error(read.problem.message);
  return read.certificate;
}

/** What `richSection` refers to. */
export const richMaterials: Materials = {
  pages: new Map([['page.html', '<h1>Back soon</h1>\n']]),
  findCertificate: ({ certificate }) =>
    buildCertificate(certificate, certificate === 'www_tls' ? 'www' : 'other'),
};

/** The same machines with NGINX. */
export function buildNginxCluster(): Cluster {
  return buildCluster({
    balancer: { engine: 'nginx', vip: { address: '192.0.2.20', prefixLength: 24 }, failover: 'safe' },
  });
}
