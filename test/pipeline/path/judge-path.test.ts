import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../src/pipeline/path/connection.ts';
import type { PathEvidence, ServerEvidence } from '../../../src/pipeline/path/evidence.ts';
import { judgePath } from '../../../src/pipeline/path/judge-path.ts';

const ok: Outcome = { kind: 'answered', detail: 'HTTP 200' };
const http500: Outcome = { kind: 'wrong', detail: 'HTTP 500' };
const refused: Outcome = { kind: 'refused' };
const timeout: Outcome = { kind: 'timeout' };

const server: ServerEvidence = {
  frontend: 'web',
  name: 'w1-api',
  node: 'w1',
  service: 'api',
  target: { address: '192.0.2.14', port: 8000, ask: { kind: 'http', method: 'GET', path: '/healthz' } },
  fromNode: ok,
  fromBalancers: { lb1: ok, lb2: ok },
  states: { lb1: { status: 'UP', check: 'L7OK/200', up: true } },
};

const healthy: PathEvidence = {
  frontends: [
    {
      name: 'web',
      port: 80,
      throughVips: { '192.0.2.20': ok },
      throughBalancers: { lb1: ok, lb2: ok },
      onBalancers: { lb1: ok, lb2: ok },
    },
  ],
  balancers: [
    { name: 'lb1', address: '192.0.2.11', proxy: 'active', unit: 'haproxy.service', holdsVip: true },
    { name: 'lb2', address: '192.0.2.12', proxy: 'active', unit: 'haproxy.service', holdsVip: false },
  ],
  servers: [server],
  tasks: [{ service: 'api', node: 'w1', state: 'running' }],
  links: [{ from: 'm', to: 'w1', what: 'gossip (TCP 7946)', outcome: ok }],
};

function withServer(change: Partial<ServerEvidence>): PathEvidence {
  return { ...healthy, servers: [{ ...server, ...change }] };
}

function withFrontend(change: Partial<PathEvidence['frontends'][number]>): PathEvidence {
  return { ...healthy, frontends: [{ ...healthy.frontends[0]!, ...change }] };
}

/** `verdict about: message`, without what is well. */
function complaints(evidence: PathEvidence): string[] {
  return judgePath(evidence)
    .filter(({ verdict }) => verdict !== 'ok')
    .map(({ verdict, about, message }) => `${verdict} ${about}: ${message}`);
}

test('a path on which every hop answers has nothing broken', () => {
  expect(judgePath(healthy)).toEqual([
    { verdict: 'ok', about: 'frontend web', message: 'answers at 192.0.2.20:80 (HTTP 200)' },
    { verdict: 'ok', about: 'network between the nodes', message: 'management and gossip get through' },
  ]);
});

const green = { color: 'green', name: 'w1-api--green' } as const;

test.each([
  ['blue', green, {}],
  ['green', {}, green],
])('the port of the side that rests is no fault while the %s one serves', (color, resting, serving) => {
  const down = { lb1: { status: 'DOWN', check: 'L4CON', up: false } };
  const closed = { fromNode: refused, fromBalancers: { lb1: refused } };
  const idle: ServerEvidence = { ...server, ...resting, ...closed, states: down };
  const busy: ServerEvidence = { ...server, ...serving };
  const shown = color === 'green' ? { color: 'green' as const } : {};
  const tasks = [{ service: 'api', node: 'w1', state: 'running', ...shown }];
  expect(complaints({ ...healthy, servers: [busy, idle], tasks })).toEqual([]);
  expect(complaints({ ...healthy, servers: [{ ...busy, fromNode: refused }, idle], tasks })).toEqual([
    "broken api on w1: its task runs, but port 8000 isn't published on the node: nothing answers there",
  ]);
});

test('an application that turns strangers away works', () => {
  const http403: Outcome = { kind: 'wrong', detail: 'HTTP 403' };
  expect(
    complaints(
      withFrontend({
        throughVips: { '192.0.2.20': http403 },
        throughBalancers: { lb1: http403, lb2: http403 },
      }),
    ),
  ).toEqual([]);
});

test('a frontend in maintenance does what was asked of it', () => {
  const taken: Outcome = { kind: 'answered', detail: 'takes connections' };
  const [first] = judgePath(withFrontend({ inMaintenance: true, throughVips: { '192.0.2.20': taken } }));
  expect(first).toEqual({
    verdict: 'ok',
    about: 'frontend web',
    message: 'answers at 192.0.2.20:80 (takes connections), in maintenance as the files say',
  });
});

describe('several virtual addresses:', () => {
  const through = (first: Outcome, second: Outcome, own: Outcome = ok): PathEvidence =>
    withFrontend({
      throughVips: { '192.0.2.20': first, '192.0.2.21': second },
      throughBalancers: { lb1: own, lb2: own },
    });
  const lost = (elsewhere: string): string =>
    `broken frontend web: the balancers answer at ${elsewhere}, but not at the virtual address 192.0.2.21: nobody holds it, or this computer's ARP entry for it is stale`;

  test('each that answers is named', () => {
    expect(judgePath(through(ok, ok))[0]?.message).toBe(
      'answers at 192.0.2.20:80 and 192.0.2.21:80 (HTTP 200)',
    );
  });

  test.each([
    ['the second is lost', through(ok, timeout), [lost('their own addresses')]],
    ['only the first answers from here', through(ok, timeout, timeout), [lost('192.0.2.20')]],
    [
      'the second is answered with errors',
      through(ok, http500),
      ['broken frontend web: the way to it is open, but it answers HTTP 500: look at its servers below'],
    ],
  ])('%s', (_name, evidence, expected) => {
    expect(complaints(evidence)).toEqual(expected);
  });
});

describe('names the broken hop:', () => {
  const table: [string, PathEvidence, string[]][] = [
    [
      'stale ARP, or an address that nobody holds',
      withFrontend({ throughVips: { '192.0.2.20': timeout } }),
      [
        "broken frontend web: the balancers answer at their own addresses, but not at the virtual address 192.0.2.20: nobody holds it, or this computer's ARP entry for it is stale",
      ],
    ],
    [
      'a firewall between client and balancers',
      withFrontend({
        throughVips: { '192.0.2.20': timeout },
        throughBalancers: { lb1: timeout, lb2: timeout },
      }),
      [
        'warning frontend web: the balancers answer on themselves, but nothing from here reaches them: a firewall, a router, or this computer is on another network',
      ],
    ],
    [
      'the spare balancer is shut off from the client',
      withFrontend({ throughBalancers: { lb1: ok, lb2: timeout } }),
      [
        "warning frontend web: lb2 can't be reached from here at its own address: after a failover the service may not answer",
      ],
    ],
    [
      'a balancer that runs something else',
      withFrontend({ onBalancers: { lb1: ok, lb2: refused } }),
      [
        "warning lb2: its balancer runs, but doesn't listen on port 80 (frontend web): it runs another configuration than the files say",
      ],
    ],
    [
      'a balancer that is down',
      {
        ...healthy,
        balancers: [{ ...healthy.balancers[0]!, proxy: 'failed' }, healthy.balancers[1]!],
      },
      ['broken lb1: the balancer is down: haproxy.service is failed, and yet it holds the virtual address'],
    ],
    [
      'a firewall between a balancer and a node',
      withServer({ fromBalancers: { lb1: timeout, lb2: ok } }),
      ['broken api on w1: answers on the node, but not from lb1: a firewall between them'],
    ],
    [
      'a port that is not published',
      withServer({ fromNode: refused, fromBalancers: { lb1: refused, lb2: refused } }),
      ["broken api on w1: its task runs, but port 8000 isn't published on the node: nothing answers there"],
    ],
    [
      'a mesh that answers nothing on a node without a task',
      withServer({
        node: 'm',
        meshed: true,
        fromNode: timeout,
        fromBalancers: { lb1: timeout, lb2: timeout },
      }),
      ['broken ingress mesh on m: tasks run, but port 8000 (api) of the mesh answers nothing on this node'],
    ],
    [
      'an application that fails',
      withServer({ fromNode: http500, fromBalancers: { lb1: http500, lb2: http500 } }),
      ['broken api on w1: the application fails: HTTP 500'],
    ],
    [
      'an application that hangs',
      withServer({
        fromNode: { kind: 'silent' },
        fromBalancers: { lb1: { kind: 'silent' }, lb2: { kind: 'silent' } },
      }),
      ['broken api on w1: the application fails: takes the connection, then says nothing'],
    ],
    [
      'an unhealthy task',
      {
        ...healthy,
        tasks: [{ service: 'api', node: 'w1', state: 'running', unhealthy: 'exit code 1: no database' }],
      },
      ['broken api on w1: its task is unhealthy: the health check of the container fails'],
    ],
    [
      'a service of which nothing runs',
      {
        ...withServer({ fromNode: refused, fromBalancers: { lb1: refused, lb2: refused } }),
        tasks: [{ service: 'api', node: '', state: 'pending', error: 'no suitable node' }],
      },
      ['broken service api: none of its tasks runs, so no balancer can answer for it'],
    ],
    [
      'a server that was drained by hand',
      withServer({ states: { lb1: { status: 'MAINT', check: '', up: false } } }),
      ['warning api on w1: works, and lb1 keeps it aside: it was drained'],
    ],
    [
      'a server that the balancer thinks down though it works',
      withServer({ states: { lb1: { status: 'DOWN', check: 'L4TOUT', up: false } } }),
      ['warning api on w1: works, but lb1 gives it nothing'],
    ],
    [
      'VXLAN that is blocked',
      {
        ...healthy,
        links: [
          { from: 'w1', to: 'w2', what: 'overlay traffic (VXLAN, UDP 4789)', outcome: timeout },
          { from: 'w2', to: 'w1', what: 'overlay traffic (VXLAN, UDP 4789)', outcome: timeout },
        ],
      },
      [
        "broken network between the nodes: overlay traffic (VXLAN, UDP 4789) doesn't get through: w1 → w2, w2 → w1",
      ],
    ],
    [
      'gossip that is blocked',
      { ...healthy, links: [{ from: 'm', to: 'w1', what: 'gossip (TCP 7946)', outcome: timeout }] },
      ["broken network between the nodes: gossip (TCP 7946) doesn't get through: m → w1"],
    ],
  ];
  test.each(table)('%s', (_name, evidence, expected) => {
    expect(complaints(evidence)).toEqual(expected);
  });
});

test('a refusal by the container at the other end proves the way through the overlay', () => {
  const links: PathEvidence['links'] = [
    { from: 'w1', to: 'w2', what: 'overlay traffic (VXLAN, UDP 4789)', outcome: refused },
  ];
  expect(complaints({ ...healthy, links })).toEqual([]);
});

test('a server on a node where no task runs is nothing to complain of', () => {
  const evidence = withServer({
    node: 'w2',
    name: 'w2-api',
    fromNode: refused,
    fromBalancers: { lb1: refused, lb2: refused },
    states: { lb1: { status: 'DOWN', check: 'L4CON', up: false } },
  });
  expect(complaints(evidence)).toEqual([]);
});

test('shows what was seen and offers the mend', () => {
  const [finding] = judgePath(withServer({ fromNode: http500, fromBalancers: { lb1: http500 } })).filter(
    ({ verdict }) => verdict === 'broken',
  );
  expect(finding).toMatchObject({
    evidence: [
      'the swarm: its task is running',
      'on w1 itself, http://192.0.2.14:8000/healthz: HTTP 500',
      'from lb1, http://192.0.2.14:8000/healthz: HTTP 500',
      'lb1 says of server w1-api: UP (L7OK/200)',
    ],
    mend: { kind: 'restart-service', service: 'api' },
  });
});
