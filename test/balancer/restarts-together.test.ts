import { expect, test } from 'vitest';
import { listHoldingBackends } from '../../src/balancer/restarts-together.ts';
import { buildCluster, buildNginxCluster, buildService, buildStack } from './examples.ts';

const store = ['minio1', 'minio2'].map((key, index) => {
  const service = buildService(key, [[9000 + index, 9000]], [`node.hostname == worker${index + 1}`]);
  return { ...service, spec: { ...service.spec, Mode: { Replicated: { Replicas: 1 } } } };
});
const section = 's3: {listen: 9000, service: [minio1, minio2], port: 9000, timeouts: {hold: 30s}}';
const stack = buildStack(section, store);
const update = (...keys: string[]) =>
  keys.map((key) => ({
    kind: 'update' as const,
    object: { type: 'service', name: store.find((one) => one.key === key)!.spec.Name },
  }));

test.each([
  ['all of its services', update('minio1', 'minio2'), true],
  ['one of them, beside which the other serves', update('minio1'), false],
  ['nothing of it', [], false],
  [
    'something else of the same names',
    update('minio1', 'minio2').map(({ kind, object }) => ({ kind, object: { ...object, type: 'config' } })),
    false,
  ],
])('a plan that updates %s: nobody is left to answer: %s %s', (_, changes, restarts) => {
  expect(listHoldingBackends(stack, buildCluster(), changes)).toEqual([
    { name: 's3.servers', holdMs: 30_000, services: ['minio1', 'minio2'], restarts },
  ]);
});

test.each([
  ['nothing is to wait', buildStack(section.replace(', timeouts: {hold: 30s}', ''), store)],
  [
    'tasks take turns',
    buildStack(
      section,
      store.map((one) => ({ ...one, spec: { ...one.spec, Mode: { Replicated: { Replicas: 2 } } } })),
    ),
  ],
  [
    'the next one starts first',
    buildStack(
      section,
      store.map((one) => ({
        ...one,
        spec: { ...one.spec, UpdateConfig: { Parallelism: 1, Order: 'start-first' } },
      })),
    ),
  ],
])('no backend is held where %s', (_, other) => {
  expect(listHoldingBackends(other, buildCluster(), update('minio1', 'minio2'))).toEqual([]);
});

test('no backend of NGINX is held, which lets nothing wait', () => {
  expect(listHoldingBackends(stack, buildNginxCluster(), update('minio1', 'minio2'))).toEqual([]);
});
