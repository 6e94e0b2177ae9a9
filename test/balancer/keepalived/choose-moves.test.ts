import { describe, expect, test } from 'vitest';
import { chooseFailback, chooseFailover } from '../../../src/balancer/keepalived/choose-moves.ts';
import { listHolders } from '../../../src/balancer/keepalived/holders.ts';
import { judgeTaker } from '../../../src/balancer/keepalived/judge-taker.ts';
import type { BalancerNodeStatus } from '../../../src/balancer/status.ts';
import type { Cluster } from '../../../src/cluster/cluster.ts';
import { buildCluster, buildNode } from '../examples.ts';

const one = '192.0.2.20';
const other = '192.0.2.21';

function withBalancers(count: number, addresses: string[]): Cluster {
  const [vip, ...furtherVips] = addresses.map((address) => ({ address, prefixLength: 24 }));
  return buildCluster({
    nodes: Array.from({ length: count }, (_, index) =>
      buildNode(`lb${index + 1}`, `192.0.2.${11 + index}`, 'balancer'),
    ),
    balancer: { engine: 'haproxy', failover: 'safe', ...(vip && { vip }), furtherVips },
  });
}

/** `{lb1: [address]}`: who holds what. */
const holding = (cluster: Cluster, held: Record<string, string[]>) =>
  listHolders(
    cluster,
    Object.entries(held).map(([node, addresses]) => ({ node, addresses })),
  );

const arrows = (moves: { address: string; from: string; to: string }[]): string[] =>
  moves.map(({ address, from, to }) => `${address}: ${from} → ${to}`);
const everyone = () => true;

describe('failover', () => {
  const three = withBalancers(3, [one]);

  test.each<[string, { to?: string; isReady?: (name: string) => boolean }, string[]]>([
    ['to the next in line', {}, [`${one}: lb1 → lb2`]],
    ['to the next that is ready', { isReady: (name) => name === 'lb3' }, [`${one}: lb1 → lb3`]],
    [
      'to the next even if none is ready, so that it is told why',
      { isReady: () => false },
      [`${one}: lb1 → lb2`],
    ],
    ['to the one that is named', { to: 'lb3' }, [`${one}: lb1 → lb3`]],
    ['nowhere when it is there', { to: 'lb1' }, []],
  ])('goes %s', (_name, wish, expected) => {
    const moves = chooseFailover(three, holding(three, { lb1: [one] }), { isReady: everyone, ...wish });
    expect(arrows(moves)).toEqual(expected);
  });

  test('takes all addresses to the balancer that is named, and wants a name where there are several', () => {
    const two = withBalancers(2, [one, other]);
    const held = holding(two, { lb1: [one], lb2: [other] });
    expect(arrows(chooseFailover(two, held, { to: 'lb2', isReady: everyone }))).toEqual([
      `${one}: lb1 → lb2`,
    ]);
    expect(() => chooseFailover(two, held, { isReady: everyone })).toThrow(
      /2 virtual addresses: which balancer/,
    );
  });

  test.each<[string, Cluster, Record<string, string[]>, string | undefined, RegExp]>([
    ['a name that is no balancer', three, { lb1: [one] }, 'worker1', /worker1 is no balancer/],
    ['nobody holds it', three, { lb1: [] }, undefined, /no balancer holds the virtual address/],
    ['two hold it', three, { lb1: [one], lb2: [one] }, undefined, /lb1 and lb2 both hold/],
    ['one balancer only', withBalancers(1, [one]), { lb1: [one] }, undefined, /only one balancer/],
    ['no virtual address', withBalancers(2, []), {}, undefined, /no virtual address/],
  ])('is refused: %s', (_name, cluster, held, to, message) => {
    const wish = { isReady: everyone, ...(to !== undefined && { to }) };
    expect(() => chooseFailover(cluster, holding(cluster, held), wish)).toThrow(message);
  });
});

test('failback gives each address to the balancer that prefers it', () => {
  const two = withBalancers(2, [one, other]);
  expect(arrows(chooseFailback(two, holding(two, { lb2: [one, other] })))).toEqual([`${one}: lb2 → lb1`]);
  expect(arrows(chooseFailback(two, holding(two, { lb1: [one], lb2: [other] })))).toEqual([]);
});

describe('a balancer is no taker', () => {
  const server = (up: boolean) => ({
    name: 's',
    status: up ? 'UP' : 'DOWN',
    check: '',
    address: '',
    sinceSeconds: 1,
    currentSessions: 0,
    up,
  });
  const node = (part: Partial<BalancerNodeStatus>): BalancerNodeStatus => ({
    name: 'lb2',
    address: '192.0.2.12',
    engine: 'haproxy',
    engineState: 'active',
    keepalived: 'active',
    holds: [],
    certificates: [],
    backends: [{ name: 'web.app', status: 'UP', servers: [server(true)] }],
    ...part,
  });

  test.each<[string, Partial<BalancerNodeStatus>, string[]]>([
    ['unless it is', {}, []],
    ['when it is away', { unreachable: 'no answer' }, ["lb2 can't be reached: no answer"]],
    [
      'when its services are stopped',
      { engineState: 'failed', keepalived: '' },
      ['haproxy is failed on lb2', 'keepalived is not installed on lb2'],
    ],
    [
      'when it lacks a backend',
      { backends: [] },
      ["lb2 doesn't serve web.app, which lb1 does: run kawanan up first"],
    ],
    [
      'when it sees no server up',
      { backends: [{ name: 'web.app', status: 'DOWN', servers: [server(false)] }] },
      ['lb2 sees no server of web.app up, and lb1 does'],
    ],
  ])('%s', (_name, part, problems) => {
    expect(judgeTaker(node(part), node({ name: 'lb1' }))).toEqual(problems);
  });
});
