import { expect, test } from 'vitest';
import type { Clock } from '../../src/balancer/clock.ts';
import { createTraffic } from '../../src/balancer/traffic.ts';
import { buildCluster, buildService, buildStack } from './examples.ts';
import { FakeHaproxy } from './fake-haproxy.ts';

const progress = { report: () => {}, signal: new AbortController().signal };

/** One balancer in front of a service that is updated blue-green on one node; its clock goes on by itself. */
function buildWorld(sticky: boolean) {
  const service = buildService('web', [[8000, 80]], ['node.hostname == worker1']);
  const definition = buildStack(
    `web: {listen: 80, service: web, update: blue-green${sticky ? ', sticky: true' : ''}}`,
    [service],
  );
  const haproxy = new FakeHaproxy(
    'lb1',
    ['worker1-web', 'worker1-web--green'].map((name) => ({
      backend: 'web.web',
      name,
      admin: 'ready',
      up: true,
      ...(sticky && { sticky }),
    })),
  );
  const cluster = buildCluster();
  cluster.nodes = cluster.nodes.filter(({ name }) => name !== 'lb2');
  let nowMs = 0;
  const clock: Clock = {
    now: () => nowMs,
    pause: async (ms) => {
      nowMs += ms;
    },
  };
  const hosts = { connect: async () => haproxy, close: async () => {} };
  return { haproxy, traffic: createTraffic(definition, cluster, hosts, clock) };
}

test.each([
  {
    sticky: false,
    lines: [
      'set server web.web/worker1-web--green state drain',
      'set server web.web/worker1-web state drain; set server web.web/worker1-web--green state ready',
      'set server web.web/worker1-web state ready',
    ],
  },
  {
    // HAProxy gives a server that drains all requests that carry its cookie
    sticky: true,
    lines: [
      'set server web.web/worker1-web--green state maint',
      'set server web.web/worker1-web--green state drain; set server web.web/worker1-web--green health down',
      'set server web.web/worker1-web state maint; set server web.web/worker1-web--green state ready',
      'set server web.web/worker1-web state ready; set server web.web/worker1-web health down',
    ],
  },
])('what a balancer is told while a service turns over, sticky: $sticky', async ({ sticky, lines }) => {
  const { haproxy, traffic } = buildWorld(sticky);
  const [blue, green] = ['blue', 'green'] as const;
  await traffic.hold({ service: 'web', serving: blue, holding: green }, progress);
  await traffic.turn({ service: 'web', to: green, from: blue, nodes: ['worker1'] }, progress);
  await traffic.release({ service: 'web', color: blue });
  expect(haproxy.told).toEqual(lines);
});

test('a server that was drained is checked again before it is turned over to', async () => {
  const { haproxy, traffic } = buildWorld(true);
  haproxy.servers[1]!.admin = 'drain';
  await traffic.turn({ service: 'web', to: 'green', from: 'blue', nodes: ['worker1'] }, progress);
  expect(haproxy.told).toEqual([
    'set server web.web/worker1-web--green state drain; set server web.web/worker1-web--green health down',
    'set server web.web/worker1-web state maint; set server web.web/worker1-web--green state ready',
  ]);
});

test('what a killed run turned away serves again, and is checked before the others are left', async () => {
  const { haproxy, traffic } = buildWorld(true);
  haproxy.servers[0]!.admin = 'drain';
  await traffic.hold({ service: 'web', serving: 'blue', holding: 'green' }, progress);
  expect(haproxy.told).toEqual([
    'set server web.web/worker1-web state drain; set server web.web/worker1-web health down',
    'set server web.web/worker1-web state ready; set server web.web/worker1-web--green state maint',
  ]);
});
