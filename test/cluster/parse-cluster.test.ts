import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Cluster, listVirtualAddresses, rankBalancers } from '../../src/cluster/cluster.ts';
import { parseCluster } from '../../src/cluster/parse-cluster.ts';
import type { InputError } from '../../src/errors.ts';

const context = { home: '/home/ika', shownAs: 'cluster.yml' };

function problemsOf(text: string): string[] {
  try {
    parseCluster(text, '/work/cluster.yml', context);
  } catch (error) {
    return (error as InputError).problems.map(
      ({ line, column, path, message, next }) =>
        `${line}:${column} ${path}: ${message}${next ? ` | ${next}` : ''}`,
    );
  }
  return [];
}

/** A sound file with some lines of it replaced. */
function clusterText(parts: { nodes?: string[]; rest?: string[] } = {}): string {
  const { nodes = ['a: {address: 10.0.0.1, role: manager}'], rest = [] } = parts;
  return ['name: lab', 'nodes:', ...nodes.map((node) => `  ${node}`), ...rest, ''].join('\n');
}

const twoBalancers = [
  'm: {address: 10.0.0.1, role: manager}',
  'b1: {address: 10.0.0.2, role: balancer}',
  'b2: {address: 10.0.0.3, role: balancer}',
];

test('a file with every key becomes a cluster with absolute paths and the settings of each node', () => {
  const text = readFileSync(new URL('../fixtures/cluster/full.yml', import.meta.url), 'utf8');
  const ssh = {
    user: 'ubuntu',
    port: 2222,
    key: '/home/ika/.ssh/id_ed25519',
    jump: 'me@gate.example:2200',
    knownHosts: '/work/keys/known_hosts',
  };
  const node = { labels: {}, availability: 'active', ssh };
  expect(parseCluster(text, '/work/cluster.yml', context)).toEqual({
    name: 'pnj-lab',
    file: '/work/cluster.yml',
    nodes: [
      { ...node, name: 'vm-loadbalancer1', address: '192.168.1.11', role: 'balancer' },
      { ...node, name: 'vm-loadbalancer2', address: '192.168.1.12', role: 'balancer' },
      {
        ...node,
        name: 'vm-dockerswarmmanager',
        address: '192.168.1.13',
        role: 'manager',
        ssh: { ...ssh, user: 'root', port: 22 },
      },
      {
        ...node,
        name: 'vm-dockerswarmworker1',
        address: '192.168.1.14',
        role: 'worker',
        labels: { zone: 'a', ssd: 'true', disks: '2' },
      },
      {
        ...node,
        name: 'vm-dockerswarmworker2',
        address: '192.168.1.15',
        role: 'worker',
        availability: 'drain',
      },
    ],
    balancer: { engine: 'haproxy', vip: { address: '192.168.1.20', prefixLength: 24 }, failover: 'fast' },
    stacks: [{ name: 'sirip-hiu', files: ['/work/stacks/compose.yml', '/etc/more.yml'] }],
    secretsFile: '/work/secrets.yml',
    images: {
      archives: { 'debian:trixie-slim': '/base.tar' },
      builds: { 'shop/api': '/work/api' },
      cache: '/home/ika/.cache/kawanan',
    },
    variables: { KAWANAN_VIP: '192.168.1.20', LOG_LEVEL: 'debug', REPLICAS: '2' },
    warnings: [],
  });
});

test('what the smallest file leaves open is filled in, and ssh is told what was open', () => {
  expect(parseCluster(clusterText(), '/work/cluster.yml', context)).toEqual({
    name: 'lab',
    file: '/work/cluster.yml',
    stacks: [],
    nodes: [
      {
        name: 'a',
        address: '10.0.0.1',
        role: 'manager',
        labels: {},
        availability: 'active',
        ssh: { user: 'root', port: 22, defaulted: ['user', 'port'] },
      },
    ],
    images: { archives: {} },
    variables: { KAWANAN_VIP: '10.0.0.1' },
    warnings: [],
  });
});

test('balancer nodes without a balancer section are balancers all the same', () => {
  const cluster = parseCluster(clusterText({ nodes: twoBalancers.slice(0, 2) }), '/c.yml', context);
  expect(cluster.balancer).toEqual({ engine: 'haproxy', failover: 'safe' });
  expect(cluster.variables).toEqual({ KAWANAN_VIP: '10.0.0.2' });
});

test.each<[string, number | undefined]>([
  ['manual', undefined],
  ['auto', 60],
  ['{after: 90s}', 90],
  ['{after: 5m}', 300],
])('failback: %s is after %s seconds', (failback, seconds) => {
  const text = clusterText({
    nodes: twoBalancers,
    rest: [`balancer: {vip: [10.0.0.20/24, 10.0.0.21/24], failback: ${failback}}`],
  });
  const cluster = parseCluster(text, '/c.yml', context);
  expect(cluster.balancer?.failbackAfterSeconds).toBe(seconds);
  expect(listVirtualAddresses(cluster).map(({ address }) => address)).toEqual(['10.0.0.20', '10.0.0.21']);
  expect(cluster.variables['KAWANAN_VIP']).toBe('10.0.0.20');
});

test('each virtual address has another balancer first', () => {
  const nodes = ['a', 'b', 'c'].map((name) => ({ name, role: 'balancer' })) as Cluster['nodes'];
  const ranks = [0, 1, 2, 3].map((index) =>
    rankBalancers({ nodes }, index)
      .map(({ name }) => name)
      .join(''),
  );
  expect(ranks).toEqual(['abc', 'bca', 'cab', 'abc']);
});

test('every problem is reported at once, in the order of the file', () => {
  const text = clusterText({
    nodes: [
      'a: {address: 10.0.0.1, role: worker, lables: {x: y}}',
      'b: {address: 10.0.0.1, role: wroker}',
      'under_score: {address: 10.0.0.300, role: worker}',
      'c: {address: 10.0.0.4, role: balancer}',
    ],
    rest: ['balancer: {vip: 10.0.1.20/24}', 'stak: {}'],
  });
  expect(problemsOf(text)).toEqual([
    '3:40 nodes.a.lables: unknown key "lables" | did you mean "labels"?',
    '4:16 nodes.b.address: 10.0.0.1 is already the address of a (line 3) | give each node its own address',
    '4:32 nodes.b.role: "wroker" is not one of manager, worker, balancer | did you mean "worker"?',
    '5:3 nodes.under_score: not a host name: letters, digits and dashes',
    '5:26 nodes.under_score.address: not an IPv4 address, such as 192.168.1.13',
    '7:17 balancer.vip: 10.0.1.20/24 is not in the network of the balancer c (10.0.0.4) | take a free address of the network that the balancers are in',
    '8:1 stak: unknown key "stak" | did you mean "stack"?',
  ]);
});

test.each([
  ['', 'undefined:undefined undefined: a mapping of keys expected, not nothing'],
  ['hello', '1:1 undefined: a mapping of keys expected, not "hello"'],
  ['name: a', '1:1 nodes: "nodes" is missing'],
])('%j is told once what it lacks', (text, problem) => {
  expect(problemsOf(text)).toEqual([problem]);
});

describe('refused', () => {
  test.each<[string, { nodes?: string[]; rest?: string[] }, string[]]>([
    [
      'no manager',
      { nodes: ['a: {address: 10.0.0.1, role: worker}'] },
      ['2:1 nodes: no node has the role manager | give one node role: manager'],
    ],
    [
      'a jump host with a port that is none',
      { rest: ['ssh: {jump: "me@gate.example:2200,inner:99999"}'] },
      ['4:13 ssh.jump: a port is 1 to 65535'],
    ],
    [
      'a balancer section without balancer nodes',
      { rest: ['balancer: {vip: 10.0.0.20/24}'] },
      ['4:1 balancer: no node has the role balancer | give a node role: balancer, or remove this section'],
    ],
    [
      'a VIP that a node holds',
      { nodes: twoBalancers, rest: ['balancer: {vip: 10.0.0.1/24}'] },
      ['6:17 balancer.vip: 10.0.0.1 is the address of m | take an address that no machine has'],
    ],
    [
      'a VIP that is the network address',
      { nodes: twoBalancers, rest: ['balancer: {vip: 10.0.0.0/24}'] },
      [
        '6:17 balancer.vip: 10.0.0.0 is the network address of its network 10.0.0.0/24 | take another address',
      ],
    ],
    [
      'a VIP that is the broadcast address',
      { nodes: twoBalancers, rest: ['balancer: {vip: 10.0.0.7/29}'] },
      [
        '6:17 balancer.vip: 10.0.0.7 is the broadcast address of its network 10.0.0.7/29 | take another address',
      ],
    ],
    [
      'a VIP without its prefix length',
      { nodes: twoBalancers, rest: ['balancer: {vip: 10.0.0.20}'] },
      ['6:17 balancer.vip: not an address with its prefix length, such as 192.168.1.20/24'],
    ],
    [
      'a VIP whose prefix is too long for one of the balancers',
      { nodes: twoBalancers, rest: ['balancer: {vip: 10.0.0.1/31}'] },
      [
        '6:17 balancer.vip: 10.0.0.1 is the address of m | take an address that no machine has',
        '6:17 balancer.vip: 10.0.0.1/31 is not in the network of the balancer b1 (10.0.0.2) | take a free address of the network that the balancers are in',
        '6:17 balancer.vip: 10.0.0.1/31 is not in the network of the balancer b2 (10.0.0.3) | take a free address of the network that the balancers are in',
      ],
    ],
    [
      'virtual addresses in a list: one without prefix length, one of another network, one twice, too many',
      {
        nodes: twoBalancers,
        rest: ['balancer: {vip: [10.0.0.20, 10.0.1.21/24, 10.0.0.22/24, 10.0.0.22/24]}'],
      },
      [
        '6:17 balancer.vip: 3 virtual addresses for 2 balancers | give at most one for each balancer: each of them prefers another',
        '6:18 balancer.vip[0]: not an address with its prefix length, such as 192.168.1.20/24',
        '6:29 balancer.vip[1]: 10.0.1.21/24 is not in the network of the balancer b1 (10.0.0.2) | take a free address of the network that the balancers are in',
        '6:29 balancer.vip[1]: 10.0.1.21/24 is not in the network of the balancer b2 (10.0.0.3) | take a free address of the network that the balancers are in',
        '6:57 balancer.vip[3]: 10.0.0.22 is in the list twice (line 6, column 43) | remove one of them',
      ],
    ],
    [
      'an empty list of virtual addresses, and a failback nobody knows',
      { nodes: twoBalancers, rest: ['balancer: {vip: [], failback: {after: soon}}'] },
      [
        '6:17 balancer.vip: the list of virtual addresses is empty',
        '6:39 balancer.failback.after: a delay is seconds or minutes: 60s, 5m',
      ],
    ],
    [
      'two names that differ in case only',
      { nodes: ['a: {address: 10.0.0.1, role: manager}', 'A: {address: 10.0.0.2, role: worker}'] },
      ['4:3 nodes.A: A and a are one host name: case does not count'],
    ],
    [
      'KAWANAN_VIP as a variable beside a VIP',
      { nodes: twoBalancers, rest: ['balancer: {vip: 10.0.0.20/24}', 'variables: {KAWANAN_VIP: x}'] },
      ['7:13 variables.KAWANAN_VIP: KAWANAN_VIP is always the address in balancer.vip | remove it here'],
    ],
    [
      'a node without address and role',
      { nodes: ['a: {}', 'b: {address: 10.0.0.2, role: manager}'] },
      [
        '3:6 nodes.a.address: "address" is missing',
        '3:6 nodes.a.role: "role" is missing | one of: manager, worker, balancer',
      ],
    ],
    ['a node that is empty', { nodes: ['a:'] }, ['3:3 nodes.a: a mapping of keys expected, not nothing']],
    [
      'an impossible port and an unknown engine',
      { nodes: twoBalancers.slice(0, 2), rest: ['ssh: {port: 70000}', 'balancer: {engine: traefik}'] },
      ['5:13 ssh.port: a port is 1 to 65535', '6:20 balancer.engine: "traefik" is not one of haproxy, nginx'],
    ],
    [
      'an empty list of compose files',
      { rest: ['stack: {name: a, file: []}'] },
      ['4:24 stack.file: the list of compose files is empty'],
    ],
    [
      'one stack and several',
      { rest: ['stack: {name: a, file: a.yml}', 'stacks: {}'] },
      [
        '5:1 stacks: there is "stack" already (line 4) | move it in here, and keep the one of the two',
        '5:9 stacks: it names no stack | write e.g. {shop: shop/compose.yml}, or remove it',
      ],
    ],
    [
      'stacks with a bad name, no files, and an unknown key',
      { rest: ['stacks:', '  a b: a.yml', '  b: []', '  c: {file: c.yml, keep: 1}'] },
      [
        '5:3 stacks.a b: a stack name is letters, digits, dashes and underscores',
        '6:6 stacks.b: the list of compose files is empty',
        '7:20 stacks.c.keep: unknown key "keep" | known here: file, keep_revisions',
      ],
    ],
    [
      "a misspelt key of a node's own ssh",
      { nodes: ['a: {address: 10.0.0.1, role: manager, ssh: {usr: x}}'] },
      ['3:47 nodes.a.ssh.usr: unknown key "usr" | did you mean "user"?'],
    ],
  ])('%s', (_name, parts, problems) => {
    expect(problemsOf(clusterText(parts))).toEqual(problems);
  });
});

describe('allowed but warned about', () => {
  test.each<[string, string[], string[], string[]]>([
    ['one balancer and no VIP: nothing', twoBalancers.slice(0, 2), [], []],
    [
      'two balancers and no VIP',
      twoBalancers,
      [],
      [
        '2 balancers without balancer.vip: clients must choose one themselves, and when it fails nobody takes over',
      ],
    ],
    ['two balancers with a VIP: nothing', twoBalancers, ['balancer: {vip: 10.0.0.20/24}'], []],
    [
      'an even number of managers',
      ['a: {address: 10.0.0.1, role: manager}', 'b: {address: 10.0.0.2, role: manager}'],
      [],
      ['2 managers survive no more losses than 1 would (0): have 1 or 3'],
    ],
  ])('%s', (_name, nodes, rest, warnings) => {
    expect(parseCluster(clusterText({ nodes, rest }), '/c.yml', context).warnings).toEqual(warnings);
  });
});

test('a tab is explained with its line, before anything else', () => {
  expect(problemsOf('name: a\nnodes:\n\ta: {}\n')).toEqual([
    '3:1 undefined: a tab at the start of a line | YAML is indented with spaces: replace the tab',
  ]);
});

test('several stacks are read in their order, each with one file, a list of them, or more to say', () => {
  const rest = ['stacks:', '  a: a.yml', '  b: [b.yml, ~/c.yml]', '  d: {file: d.yml, keep_revisions: 3}'];
  expect(parseCluster(clusterText({ rest }), '/work/cluster.yml', context).stacks).toEqual([
    { name: 'a', files: ['/work/a.yml'] },
    { name: 'b', files: ['/work/b.yml', `${context.home}/c.yml`] },
    { name: 'd', files: ['/work/d.yml'], keepRevisions: 3 },
  ]);
});
