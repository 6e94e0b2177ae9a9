import { expect, test } from 'vitest';
import { describeState, type Observed } from '../../src/dashboard/describe-state.ts';
import type { ClusterStatus } from '../../src/pipeline/read-status.ts';
import { exampleObserved, exampleRates, exampleState, exampleStatus } from './example-state.ts';

const describe = (more: Partial<Observed>) => describeState({ ...exampleObserved, ...more }).state;
const look = (change: Partial<ClusterStatus>) => ({
  look: { at: 999_500, status: { ...exampleStatus, ...change } },
});
const offered = (more: Partial<Observed>): string[] => describe(more).actions.map(({ id }) => id);

test('a cluster of which all is well', () => {
  expect(exampleState).toMatchObject({
    cluster: 'shop',
    verdict: 'well',
    problems: [],
    lookedAt: 999_500,
    vips: [{ address: '10.0.0.20', holders: ['lb1'], problem: null }],
    balancers: [
      { name: 'lb1', health: 'well', says: 'haproxy 3.0.11', holds: ['10.0.0.20'], requestsPerSecond: 5 },
      { name: 'lb2', health: 'well', holds: [] },
    ],
    nodes: [
      { name: 'm1', role: 'manager', leader: true, health: 'well', tasks: [] },
      { name: 'w1', role: 'worker', health: 'well', tasks: [{ service: 'api', health: 'well' }] },
    ],
    links: [
      { balancer: 'lb1', node: 'w1', servers: 1, up: 1, requestsPerSecond: 5 },
      { balancer: 'lb2', node: 'w1', servers: 1, up: 1, requestsPerSecond: 5 },
    ],
    backends: [
      { name: 'web.api', servers: [{ name: 'w1-api', on: { lb1: { state: 'up' }, lb2: { state: 'up' } } }] },
    ],
  });
});

test('before the first look nothing is known, and nothing offered', () => {
  const { look: _, ...unseen } = exampleObserved;
  const { state } = describeState({ ...unseen, rates: new Map() });
  expect(state).toMatchObject({ verdict: 'unknown', lookedAt: null, problems: [], actions: [] });
  expect([...state.balancers, ...state.nodes].map(({ health }) => health)).toEqual(Array(4).fill('unknown'));
});

test('a node that goes silent is told of at once, with its tasks, before the next look', () => {
  const state = describe({ silent: new Map([['w1', "doesn't answer"]]) });
  expect(state.verdict).toBe('degraded');
  expect(state.problems).toEqual(["w1 can't be reached: doesn't answer"]);
  expect(state.nodes[1]).toMatchObject({
    health: 'silent',
    says: "doesn't answer",
    tasks: [{ health: 'silent' }],
  });
});

test('what follows from a silent node is not told again', () => {
  const degraded = [
    "w1 can't be reached: doesn't answer",
    'lb1: server w1-api of web.api is DOWN (L4TOUT) though its task runs',
    'lb1: no server of web.api answers',
  ];
  const { problems } = describe({ ...look({ degraded }), silent: new Map([['w1', "doesn't answer"]]) });
  expect(problems).toEqual(["w1 can't be reached: doesn't answer", 'lb1: no server of web.api answers']);
});

test('a node that answers again is no problem any more, whatever the last look says', () => {
  const nodes = exampleStatus.nodes.map((node) =>
    node.name === 'w1' ? { ...node, unreachable: 'no answer' } : node,
  );
  const { problems } = describe(look({ nodes, degraded: ["w1 can't be reached: no answer"] }));
  expect(problems).toEqual([]);
});

test('a balancer that answers again is unknown until it was looked at', () => {
  const unreachable = 'no answer';
  const nodes = exampleStatus.nodes.map((node) => (node.name === 'lb1' ? { ...node, unreachable } : node));
  const balancers = exampleStatus.balancers!.map((one) =>
    one.name === 'lb1' ? { ...one, unreachable } : one,
  );
  expect(describe(look({ nodes, balancers })).balancers[0]).toMatchObject({ health: 'unknown' });
});

test('a silent balancer shows no old figures, and sends nothing', () => {
  const state = describe({ silent: new Map([['lb1', 'gone']]) });
  expect(state.balancers[0]).toMatchObject({ health: 'silent', holds: [], requestsPerSecond: null });
  expect(state.links.map(({ balancer }) => balancer)).toEqual(['lb2']);
});

test('where the engine counts nothing for its servers, the last look tells of them', () => {
  const server = (status: string) => ({
    name: 'w1-api',
    status,
    check: 'L7OK/200',
    address: '10.0.0.4:8000',
    sinceSeconds: 0,
    currentSessions: 0,
    up: status === 'UP',
  });
  const balancers = exampleStatus.balancers!.map((one, index) => ({
    ...one,
    backends: [{ name: 'web.api', status: 'UP', servers: [server(index === 0 ? 'UP' : 'DOWN')] }],
  }));
  const bare = { total: exampleRates().total, frontends: [], servers: [] };
  const { backends, links } = describe({
    ...look({ balancers }),
    rates: new Map([
      ['lb1', bare],
      ['lb2', bare],
    ]),
  });
  const cell = { requestsPerSecond: null, responseMs: null };
  expect(backends).toEqual([
    {
      name: 'web.api',
      servers: [
        {
          name: 'w1-api',
          on: {
            lb1: { state: 'up', says: 'UP (L7OK/200)', ...cell },
            lb2: { state: 'down', says: 'DOWN (L7OK/200)', ...cell },
          },
        },
      ],
    },
  ]);
  expect(links.map(({ up }) => up)).toEqual([1, 0]);
});

test('clients that get no answer outweigh all else', () => {
  expect(describe({ figures: { ...exampleObserved.figures, answers: false } }).verdict).toBe('down');
});

test.each([
  ['haproxy failed', { engineState: 'failed' }],
  ['haproxy is not installed', { engineState: '' }],
  ['keepalived inactive', { keepalived: 'inactive' }],
  ['it hangs', { unreachable: 'it hangs' }],
])('a balancer in trouble says so: %s', (says, change) => {
  const balancers = exampleStatus.balancers!.map((one) => (one.name === 'lb2' ? { ...one, ...change } : one));
  expect(describe(look({ balancers })).balancers[1]).toMatchObject({ health: 'trouble', says });
});

test.each([
  ['trouble', 'down in the swarm', { status: 'down' }],
  ['drained', 'drained: takes no tasks', { availability: 'drain' as const }],
  ['drained', 'paused: takes no new tasks', { availability: 'pause' as const }],
  ['trouble', "a manager that others can't reach (unreachable)", { reachability: 'unreachable' }],
])('a member of the swarm: %s, %s', (health, says, change) => {
  const nodes = exampleStatus.nodes.map((node) =>
    node.name === 'm1' ? { ...node, swarm: { ...node.swarm!, ...change } } : node,
  );
  expect(describe(look({ nodes })).nodes[0]).toMatchObject({ health, says });
});

test('the address may go to another balancer that is well, and to no other', () => {
  expect(offered({})).toEqual(['failover lb2', 'sync']);
  expect(offered({ silent: new Map([['lb2', 'gone']]) })).toEqual(['sync']);
  expect(offered({ silent: new Map([['lb1', 'gone']]) })).toEqual(['sync']);
  expect(offered(look({ vips: [{ address: '10.0.0.20', holders: ['lb1', 'lb2'] }] }))).toEqual(['sync']);
  expect(offered({ readOnly: true })).toEqual([]);
});

test('what a person drained can be put back; what stands by for an update can not', () => {
  const rates = (name: string) => ({ rates: new Map([['lb1', exampleRates('drain', name)]]) });
  expect(offered(rates('w1-api'))).toContain('balancer ready w1-api');
  const standby = describe(rates('w1-api--green'));
  expect(standby.backends[0]!.servers[0]!.on['lb1']!.state).toBe('standby');
  expect(standby.actions.map(({ id }) => id)).toEqual(['failover lb2', 'sync']);
  expect(standby.links).toEqual([]);
  const nodes = exampleStatus.nodes.map((node) =>
    node.name === 'w1' ? { ...node, swarm: { ...node.swarm!, availability: 'drain' as const } } : node,
  );
  expect(offered(look({ nodes }))).toContain('node ready w1');
});
