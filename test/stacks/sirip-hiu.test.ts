import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseBalancer } from '../../src/balancer/definition.ts';
import { parseRotations } from '../../src/rotation/definition.ts';
import { checkStack } from '../../src/stack/check-stack.ts';
import { loadStack } from '../../src/stack/compose/load-stack.ts';
import { buildCluster, buildNode } from '../balancer/examples.ts';

const folder = path.resolve(import.meta.dirname, '../../stacks/sirip-hiu');
const compose = path.join(folder, 'compose.yml');
const lab = path.join(folder, 'compose.lab.yml');
const options = { name: 'sirip-hiu', variables: {} };
const official = await loadStack([compose], options);
const substituted = await loadStack([compose, lab], options);

const cluster = buildCluster({
  nodes: [
    buildNode('vm-loadbalancer1', '192.0.2.11', 'balancer'),
    buildNode('vm-loadbalancer2', '192.0.2.12', 'balancer'),
    buildNode('vm-dockerswarmmanager', '192.0.2.13', 'manager'),
    buildNode('vm-dockerswarmworker1', '192.0.2.14', 'worker'),
    buildNode('vm-dockerswarmworker2', '192.0.2.15', 'worker'),
  ],
});

const service = (key: string, stack = official) => {
  const found = stack.services.find((each) => each.key === key);
  if (!found) throw new Error(`no service ${key}`);
  return found;
};
const placementOf = (key: string, stack = official) =>
  service(key, stack).spec.TaskTemplate.Placement?.Constraints ?? [];
const container = (key: string, stack = official) => service(key, stack).spec.TaskTemplate.ContainerSpec;

test('fits the five machines, without a warning', () => {
  expect(checkStack(official, cluster)).toEqual([]);
  expect(official.warnings).toEqual([]);
  expect(substituted.warnings).toEqual([]);
});

test('needs the seventeen secrets of the reference and four of its own', () => {
  expect([...official.external.secrets].sort()).toEqual([
    'admin_password',
    'api_base_url',
    'jwt_algorithm',
    'jwt_expiration_time',
    'jwt_secret_key',
    'minio_access_key',
    'minio_bucket_name',
    'minio_expiration_time',
    'minio_host',
    'minio_port',
    'minio_root_password',
    'minio_root_user',
    'minio_secret_key',
    'minio_use_ssl',
    'mysql_host',
    'mysql_name',
    'mysql_password',
    'mysql_port',
    'mysql_root_password',
    'mysql_user',
    'secret_key',
  ]);
});

test('every _FILE variable names a secret that its service is given', () => {
  for (const { key, spec } of official.services) {
    const { Env = [], Secrets = [] } = spec.TaskTemplate.ContainerSpec;
    const given = Secrets.map((secret) => `/run/secrets/${secret.File.Name}`);
    const named = Env.filter((line) => /^\w+_FILE=/.test(line)).map((line) =>
      line.slice(line.indexOf('=') + 1),
    );
    expect([...named].sort(), key).toEqual([...given].sort());
  }
});

test('pulls official images, and builds only the applications', () => {
  expect(official.services.map(({ key, build }) => [key, container(key).Image, build?.context])).toEqual([
    ['fastapi', 'sirip-hiu/fastapi:1.0', path.join(folder, 'api')],
    ['flask', 'sirip-hiu/flask:1.0', path.join(folder, 'web')],
    ['minio-init', 'minio/minio:RELEASE.2025-09-07T16-13-09Z', undefined],
    ['minio1', 'minio/minio:RELEASE.2025-09-07T16-13-09Z', undefined],
    ['minio2', 'minio/minio:RELEASE.2025-09-07T16-13-09Z', undefined],
    ['minio3', 'minio/minio:RELEASE.2025-09-07T16-13-09Z', undefined],
    ['minio4', 'minio/minio:RELEASE.2025-09-07T16-13-09Z', undefined],
    ['mysql', 'mysql:8.4', undefined],
  ]);
});

test('the lab builds its substitutes, and changes nothing else', () => {
  for (const { key } of official.services) {
    const { Image: image, ...rest } = container(key, substituted);
    const { Image: officialImage, ...officialRest } = container(key);
    expect(rest, key).toEqual(officialRest);
    if (key === 'mysql' || key.startsWith('minio')) {
      expect(image, key).toMatch(/^sirip-hiu\/(mysql|minio):.*lab$/);
      expect(service(key, substituted).build?.context, key).toBe(
        path.join(folder, 'images', key === 'mysql' ? 'mysql' : 'minio'),
      );
    } else expect(image).toBe(officialImage);
  }
});

test('images and nodes can be chosen by variables', async () => {
  const chosen = await loadStack([compose], {
    name: 'sirip-hiu',
    variables: {
      MYSQL_IMAGE: 'mysql:9',
      MINIO_IMAGE: 'store:1',
      MYSQL_NODE: 'a',
      MINIO_NODE_A: 'b',
      MINIO_NODE_B: 'c',
      MINIO_NODE_C: 'd',
    },
  });
  expect([container('mysql', chosen).Image, container('minio3', chosen).Image]).toEqual([
    'mysql:9',
    'store:1',
  ]);
  expect(['mysql', 'minio1', 'minio2', 'minio3', 'minio4'].map((key) => placementOf(key, chosen))).toEqual([
    ['node.hostname == a'],
    ['node.hostname == b'],
    ['node.hostname == c'],
    ['node.hostname == d'],
    ['node.hostname == d'],
  ]);
});

test('the loss of a worker leaves the object store its write quorum of five drives of eight', () => {
  const nodes = ['minio1', 'minio2', 'minio3', 'minio4'].map((key) => placementOf(key).join());
  for (const worker of ['vm-dockerswarmworker1', 'vm-dockerswarmworker2']) {
    const lost = nodes.filter((constraint) => constraint === `node.hostname == ${worker}`).length;
    expect(8 - 2 * lost, `${worker} lost`).toBeGreaterThanOrEqual(5);
  }
});

test('no service needs the ingress mesh or a virtual address', () => {
  for (const { key, spec } of official.services) {
    expect(spec.EndpointSpec?.Mode, key).toBe('dnsrr');
    expect(spec.EndpointSpec?.Ports?.every((port) => port.PublishMode === 'host') ?? true, key).toBe(true);
  }
});

test.each(['fastapi', 'flask'])(
  '%s is replaced one at a time, drained first, and put back when it fails',
  (key) => {
    const { spec } = service(key);
    const { StopGracePeriod = 0, Env = [] } = spec.TaskTemplate.ContainerSpec;
    expect(spec.UpdateConfig).toMatchObject({
      Parallelism: 1,
      Order: 'stop-first',
      FailureAction: 'rollback',
    });
    expect(spec.TaskTemplate.Placement?.MaxReplicas).toBe(1);
    expect(spec.Mode?.Replicated?.Replicas).toBe(2);
    const drainSeconds = Number(Env.find((line) => line.startsWith('DRAIN_SECONDS='))?.split('=')[1]);
    // longer than any balancer takes to notice; what is under way then has 30 seconds (GRACEFUL_SECONDS, graceful_timeout)
    expect(drainSeconds).toBeGreaterThan(2.5);
    expect(StopGracePeriod / 1e9).toBeGreaterThan(drainSeconds + 30);
  },
);

test('the balancers lead to the applications, to MySQL and to all four nodes of the store', () => {
  const { frontends } = parseBalancer(official);
  const shown = frontends.map(({ name, listen, mode, balance, routes }) => [
    name,
    listen,
    mode,
    balance,
    routes.map((route) => [
      route.path,
      route.ports.map((port) => `${port.service} ${port.published}:${port.target} ${port.mode}`),
      route.check,
    ]),
  ]);
  expect(shown).toMatchInlineSnapshot(`
    [
      [
        "web",
        80,
        "http",
        "leastconn",
        [
          [
            "/api",
            [
              "fastapi 8000:8000 host",
            ],
            {
              "kind": "http",
              "method": "GET",
              "path": "/healthz",
            },
          ],
          [
            undefined,
            [
              "flask 5000:5000 host",
            ],
            {
              "kind": "http",
              "method": "GET",
              "path": "/healthz",
            },
          ],
        ],
      ],
      [
        "mysql",
        3306,
        "tcp",
        "leastconn",
        [
          [
            undefined,
            [
              "mysql 3306:3306 host",
            ],
            {
              "kind": "mysql",
            },
          ],
        ],
      ],
      [
        "s3",
        9000,
        "http",
        "leastconn",
        [
          [
            undefined,
            [
              "minio1 9000:9000 host",
              "minio2 9002:9000 host",
              "minio3 9004:9000 host",
              "minio4 9006:9000 host",
            ],
            {
              "kind": "http",
              "method": "GET",
              "path": "/minio/health/live",
            },
          ],
        ],
      ],
    ]
  `);
});

test('both images begin with the same steps, so that they share a layer', () => {
  const [api, web] = ['api', 'web'].map(
    (name) => readFileSync(path.join(folder, name, 'Dockerfile'), 'utf8').split('\nCOPY ')[0],
  );
  expect(api).toBe(web);
  expect(api).toContain('apt-get install');
});

test('both applications are checked by the same script', () => {
  const [api, web] = ['api', 'web'].map((name) =>
    readFileSync(path.join(folder, name, 'check-http'), 'utf8'),
  );
  expect(api).toBe(web);
});

test('says how its secrets are rotated', () => {
  for (const stack of [official, substituted])
    expect(parseRotations(stack).map(({ name, secrets }) => [name, ...secrets])).toEqual([
      ['mysql-user', 'mysql_password'],
      ['mysql-user', 'mysql_root_password'],
      ['minio-access-key', 'minio_secret_key', 'minio_access_key'],
      ['signing-key', 'jwt_secret_key'],
      ['signing-key', 'secret_key'],
    ]);
});
