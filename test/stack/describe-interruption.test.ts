import { expect, test } from 'vitest';
import { describeUpdateInterruption } from '../../src/stack/describe-interruption.ts';
import { diffServices } from '../../src/stack/diff.ts';
import type { ServiceSpec } from '../../src/stack/engine-types.ts';
import { makeService, makeSpec, makeTask, nodes } from './builders.ts';

type Change = (spec: ServiceSpec) => void;
const container = (spec: ServiceSpec) => spec.TaskTemplate.ContainerSpec;
const all =
  (...changes: Change[]): Change =>
  (spec) =>
    changes.forEach((change) => void change(spec));
const replicas =
  (Replicas: number): Change =>
  (s) => {
    s.Mode = { Replicated: { Replicas } };
  };
const volume: Change = (s) => {
  container(s).Mounts = [{ Type: 'volume', Source: 'd', Target: '/d' }];
};
const hostPort: Change = (s) => {
  s.EndpointSpec = { Ports: [{ TargetPort: 80, PublishedPort: 8000, PublishMode: 'host' }] };
};
const check: Change = (s) => {
  container(s).Healthcheck = { Test: ['CMD', 'true'] };
};
const order =
  (Order: string, Parallelism = 1): Change =>
  (s) => {
    s.UpdateConfig = { Parallelism, Order };
  };
const newImage: Change = (s) => {
  container(s).Image = 'shop/app:2';
};

test.each<[string, Change, Change, string | undefined]>([
  [
    'one replica on a local volume',
    volume,
    newImage,
    'web stops for about 12 s: one replica, local volume, stop-first',
  ],
  [
    'one replica with a host port',
    hostPort,
    newImage,
    'web stops for about 12 s: one replica, host port 8000 held, stop-first',
  ],
  ['one replica that starts first', order('start-first'), newImage, undefined],
  [
    'several with host ports',
    all(replicas(2), hostPort, check),
    newImage,
    'web: 1 of 2 tasks at a time stops, the other serves: host port 8000 held, stop-first',
  ],
  ['several behind a check', all(replicas(3), check), newImage, undefined],
  [
    'several without a check',
    replicas(3),
    newImage,
    'web: 1 of 3 tasks at a time is away, and no health check tells when the next may follow',
  ],
  [
    'several at once',
    all(replicas(3), check, order('stop-first', 0)),
    newImage,
    'web stops for about 12 s: all 3 tasks are replaced at once (parallelism 0)',
  ],
  [
    'a task on every node',
    (s) => {
      s.Mode = { Global: {} };
    },
    newImage,
    'web stops on one node after the other: one task a node, stop-first',
  ],
  [
    'a job',
    (s) => {
      s.Mode = { ReplicatedJob: {} };
    },
    newImage,
    undefined,
  ],
  ['a service that does not run', replicas(0), newImage, undefined],
  ['only more replicas', replicas(1), replicas(3), undefined],
  ['only fewer replicas', replicas(3), replicas(2), undefined],
  ['no replicas any more', replicas(3), replicas(0), 'web stops'],
  [
    'only a label of the service',
    replicas(1),
    (s) => {
      s.Labels!['a'] = 'b';
    },
    undefined,
  ],
])('an update of %s', (_, before, change, expected) => {
  const service = makeService(makeSpec('web', before));
  const desired = makeSpec('web', all(before, change));
  const tasks = [{ ...makeTask(service), CreatedAt: '2026-01-01T00:00:18Z' }];
  const fields = diffServices(service.Spec, desired, new Map());
  expect(describeUpdateInterruption('web', service, desired, fields, tasks)).toBe(expected);
});

test('an interruption of unknown length is a moment', () => {
  const service = makeService(makeSpec('web'));
  const fields = [{ path: 'image', before: 'a', after: 'b' }];
  expect(describeUpdateInterruption('web', service, makeSpec('web', newImage), fields, [])).toBe(
    'web stops for a moment: one replica, stop-first',
  );
});

test('tasks that start first wait where their own port is taken', () => {
  const held = all(replicas(2), hostPort, order('start-first'));
  const service = makeService(makeSpec('web', held));
  const desired = makeSpec('web', all(held, newImage));
  const fields = diffServices(service.Spec, desired, new Map());
  const tasks = ['id-w1', 'id-w2'].map((NodeID) => makeTask(service, { NodeID }));
  const describe = (among: typeof nodes) =>
    describeUpdateInterruption('web', service, desired, fields, tasks, among);
  expect(describe(nodes.slice(1))).toBe(
    'both new tasks wait: host port 8000 is taken on w1, w2, and start-first stops nothing there',
  );
  expect(describe(nodes), 'the manager is free').toBeUndefined();
});
