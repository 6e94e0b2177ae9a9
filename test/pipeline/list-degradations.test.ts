import pico from 'picocolors';
import { expect, test } from 'vitest';
import { renderStatus } from '../../src/commands/render-status.ts';
import { listDegradations } from '../../src/pipeline/list-degradations.ts';
import type { ClusterStatus } from '../../src/pipeline/read-status.ts';

const node = { name: 'lb1', address: '10.0.0.1', role: 'balancer' as const };
const silent = {
  name: 'lb1',
  address: '10.0.0.1',
  unreachable: 'reading the state of the balancer did not end within 30 s and was killed',
  engine: 'haproxy' as const,
  engineState: '',
  certificates: [],
  keepalived: '',
  holds: [],
  backends: [],
};
const status = (of: Partial<ClusterStatus>): ClusterStatus => {
  const seen = { cluster: 'c', nodes: [node], balancers: [silent], stacks: [], degraded: [], ...of };
  return { ...seen, degraded: listDegradations(seen) };
};

test('a balancer that lets us in and then hangs is degraded, not "not installed"', () => {
  const shown = renderStatus(status({}), pico.createColors(false));
  expect(shown).toBe(
    [
      'NODE  ADDRESS   ROLE      STATE',
      'lb1   10.0.0.1  balancer  does not answer',
      '',
      'degraded',
      '  lb1 tells nothing of itself: reading the state of the balancer did not end within 30 s and was killed',
      '',
    ].join('\n'),
  );
});

test('one that cannot be reached at all is told of once', () => {
  const unreachable = 'no answer from 10.0.0.1 port 22';
  const { degraded } = status({
    nodes: [{ ...node, unreachable }],
    balancers: [{ ...silent, unreachable }],
  });
  expect(degraded).toEqual(["lb1 can't be reached: no answer from 10.0.0.1 port 22"]);
});

test('a node is called out of the swarm only where the swarm answered', () => {
  const manager = { name: 'm1', address: '10.0.0.2', role: 'manager' as const };
  const seen = { nodes: [manager], balancers: [] };
  const line = (of: Partial<ClusterStatus>): string =>
    renderStatus(status({ ...seen, ...of }), pico.createColors(false)).split('\n')[1]!;
  expect(line({})).toBe('m1    10.0.0.2  manager  not in the swarm');
  expect(line({ swarmUnknown: 'm1: no answer within 10 s' })).toBe('m1    10.0.0.2  manager  not known');
});

test('keepalived that is stopped matters only where there is a virtual address', () => {
  const { unreachable: _, ...answering } = silent;
  const balancers = [{ ...answering, engineState: 'active', keepalived: 'inactive' }];
  const vip = { address: '10.0.0.20', holders: ['lb2'] };
  expect(status({ balancers }).degraded).toEqual([]);
  expect(status({ balancers, vip, vips: [vip] }).degraded).toEqual(['lb1: keepalived is inactive']);
});

test('a server is told from that of another stack whose service has the same name', () => {
  const { unreachable: _, ...answering } = silent;
  const server = {
    name: 'w1-web',
    status: 'DOWN',
    check: 'L4CON',
    sinceSeconds: 1,
    currentSessions: 0,
    up: false,
  };
  const upside = { ...server, name: 'w2-web', status: 'UP', up: true };
  const backendOf = (port: number) => ({
    name: `blog-${port}`,
    status: 'UP',
    servers: [
      { ...server, address: `10.0.0.5:${port}` },
      { ...upside, address: `10.0.0.6:${port}` },
    ],
  });
  const web = {
    key: 'web',
    mode: 'replicated' as const,
    image: 'w:1',
    wanted: 1,
    running: 1,
    completed: 0,
    done: true,
    reasons: [],
    tasks: [],
  };
  const stacks = [
    { name: 'shop', services: [{ ...web, name: 'shop_web', nodes: ['w1'], ports: ['8001:80/tcp host'] }] },
    { name: 'blog', services: [{ ...web, name: 'blog_web', nodes: ['w2'], ports: ['8002:80/tcp host'] }] },
  ];
  const balancersWith = (port: number) => [
    { ...answering, engineState: 'active', keepalived: 'active', backends: [backendOf(port)] },
  ];
  expect(status({ stacks, balancers: balancersWith(8002) }).degraded).toEqual([]);
  expect(status({ stacks, balancers: balancersWith(8001) }).degraded).toEqual([
    'lb1: server w1-web of blog-8001 is DOWN (L4CON) though its task runs',
  ]);
});
