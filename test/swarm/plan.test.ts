import { describe, expect, test } from 'vitest';
import { InputError, UserError } from '../../src/errors.ts';
import { planSwarm } from '../../src/swarm/plan.ts';
import type { SwarmObserved } from '../../src/swarm/swarm-state.ts';
import { addressOf, makeCluster, makeEngine, makeMember, makeNode, makeSwarm } from './states.ts';

const m1 = makeNode('m1', 'manager');
const m2 = makeNode('m2', 'manager');
const m3 = makeNode('m3', 'manager');
const w1 = makeNode('w1', 'worker');
const w2 = makeNode('w2', 'worker');
const balancer = makeNode('b1', 'balancer');

const idsAndOrder = (plan: { changes: { id: string; after: string[] }[] }): [string, string[]][] =>
  plan.changes.map(({ id, after }) => [id, after]);

test('machines in no swarm become one: managers one after the other, then workers side by side', () => {
  const cluster = makeCluster(balancer, w1, m1, m2, { ...w2, labels: { zone: 'b' }, availability: 'drain' });
  const engines = Object.fromEntries(['w1', 'm1', 'm2', 'w2'].map((name) => [name, makeEngine(name)]));
  const plan = planSwarm(cluster, { engines, views: [] });
  expect(idsAndOrder(plan)).toEqual([
    ['init/m1', []],
    ['join/m2', ['init/m1']],
    ['join/w1', ['join/m2']],
    ['join/w2', ['join/m2']],
  ]);
  expect(plan.changes.at(-1)).toMatchObject({
    title: 'join as worker',
    fields: [
      { path: 'role', after: 'worker' },
      { path: 'availability', before: 'active', after: 'drain' },
      { path: 'labels.zone', after: 'b' },
    ],
    action: {
      type: 'join',
      node: 'w2',
      leaveFirst: false,
      settings: { role: 'worker', availability: 'drain', labels: { zone: 'b' } },
    },
  });
});

test('machines in 10.0.0.0/8 get a swarm whose networks are elsewhere', () => {
  const node = makeNode('m1', 'manager', { address: '10.0.0.5' });
  const [change] = planSwarm(makeCluster(node), { engines: { m1: makeEngine('m1') }, views: [] }).changes;
  expect(change).toMatchObject({
    fields: [
      { path: 'role', after: 'manager' },
      { path: 'networks from', after: '10.224.0.0/11' },
    ],
    action: { type: 'init', addressPool: '10.224.0.0/11' },
  });
});

test('a swarm that is as wanted needs nothing', () => {
  const observed = makeSwarm([makeMember('m1', 'manager'), makeMember('w1', 'worker')]);
  expect(planSwarm(makeCluster(m1, w1), observed)).toEqual({
    layer: 'swarm',
    changes: [],
    unchanged: 2,
    warnings: [],
  });
});

test('one host without an engine leaves the plan open until it has one', () => {
  const observed = makeSwarm([makeMember('m1', 'manager')], {
    w1: { kind: 'absent', reason: 'no engine answers on w1' },
  });
  expect(planSwarm(makeCluster(m1, w1), observed).unknown).toBe('no engine answers on w1');
});

test('a new node joins the swarm that is there', () => {
  const observed = makeSwarm([makeMember('m1', 'manager')], { w1: makeEngine('w1'), m2: makeEngine('m2') });
  expect(idsAndOrder(planSwarm(makeCluster(w1, m1, m2), observed))).toEqual([
    ['join/m2', []],
    ['join/w1', ['join/m2']],
  ]);
});

test('a first manager without a swarm joins that of the second', () => {
  const observed = makeSwarm([makeMember('m2', 'manager')], { m1: makeEngine('m1') });
  expect(idsAndOrder(planSwarm(makeCluster(m1, m2), observed))).toEqual([['join/m1', []]]);
});

describe('labels', () => {
  const labelled = (labels: Record<string, string>) =>
    planSwarm(
      makeCluster(m1, { ...w1, labels: { zone: 'a' } }),
      makeSwarm([makeMember('m1', 'manager'), makeMember('w1', 'worker', { labels })]),
    ).changes.flatMap(({ fields }) => fields);

  test('that are as wanted stay, and so do those of others', () => {
    expect(labelled({ zone: 'a', 'kawanan.labels': 'zone', theirs: 'x' })).toEqual([]);
  });
  test('that differ are set as the cluster file says', () => {
    expect(labelled({ zone: 'b', 'kawanan.labels': 'zone' })).toEqual([
      { path: 'labels.zone', before: 'b', after: 'a' },
    ]);
  });
  test('that we set before and no longer want are removed', () => {
    expect(labelled({ zone: 'a', disk: 'ssd', 'kawanan.labels': 'disk,zone' })).toEqual([
      { path: 'labels.disk', before: 'ssd' },
    ]);
  });
  test('that somebody set by hand as we want them become ours', () => {
    expect(labelled({ zone: 'a' })).toEqual([{ path: 'labels.kawanan.labels', after: 'zone' }]);
  });
});

test('availability follows the cluster file, and the plan says what a drain moves', () => {
  const observed = makeSwarm([makeMember('m1', 'manager'), makeMember('w1', 'worker')]);
  const plan = planSwarm(makeCluster(m1, { ...w1, availability: 'drain' }), observed);
  expect(plan.changes).toMatchObject([
    {
      id: 'update/w1',
      title: 'set availability',
      fields: [{ path: 'availability', before: 'active', after: 'drain' }],
      interrupts: 'the tasks of w1 move to other nodes',
    },
  ]);
});

describe('roles', () => {
  test('promotions come before demotions', () => {
    const observed = makeSwarm([
      makeMember('m1', 'worker'),
      makeMember('m2', 'worker'),
      makeMember('w1', 'manager'),
      makeMember('w2', 'manager'),
    ]);
    expect(idsAndOrder(planSwarm(makeCluster(w1, w2, m1, m2), observed))).toEqual([
      ['update/m1', []],
      ['update/m2', ['update/m1']],
      ['update/w1', ['update/m1', 'update/m2']],
      ['update/w2', ['update/m1', 'update/m2', 'update/w1']],
    ]);
  });

  test('a demotion waits for the manager that takes its place to join', () => {
    const observed = makeSwarm([makeMember('w1', 'manager')], { m1: makeEngine('m1') });
    expect(idsAndOrder(planSwarm(makeCluster(m1, w1), observed))).toEqual([
      ['join/m1', []],
      ['update/w1', ['join/m1']],
    ]);
  });

  const demotion = (...reachable: boolean[]) =>
    makeSwarm([
      makeMember('m1', 'manager'),
      ...reachable.map((up, index) =>
        makeMember(`m${index + 2}`, 'manager', { reachability: up ? 'reachable' : 'unreachable' }),
      ),
      makeMember('w1', 'manager'),
    ]);

  test('a demotion that leaves a quorum is planned', () => {
    const plan = planSwarm(makeCluster(m1, w1), { ...demotion(), engines: demotion().engines });
    expect(plan.changes.map(({ id }) => id)).toEqual(['update/w1']);
  });

  test('a demotion that would lose the quorum is refused', () => {
    const run = () => planSwarm(makeCluster(m1, m2, w1), demotion(false));
    expect(run).toThrow(UserError);
    expect(run).toThrow('making it a worker would leave the swarm without a quorum: 1 of 2 managers');
  });

  test('with one dead of four the same demotion is allowed', () => {
    const plan = planSwarm(makeCluster(m1, m2, m3, w1), demotion(true, false));
    expect(plan.changes.map(({ id }) => id)).toEqual(['update/w1']);
  });
});

describe('a node in another swarm', () => {
  const foreign = makeEngine('w1', {
    state: 'active',
    nodeId: 'elsewhere',
    managerAddresses: ['203.0.113.9'],
  });
  const observed = makeSwarm([makeMember('m1', 'manager')], { w1: foreign });
  const cluster = makeCluster(m1, w1);

  test('is refused, with the swarm that it is in and the way to take it over', () => {
    try {
      planSwarm(cluster, observed);
      expect.unreachable();
    } catch (error) {
      expect((error as InputError).problems).toEqual([
        {
          host: 'w1',
          message: 'is in another swarm: managed by 203.0.113.9',
          next: 'take it out there (docker swarm leave on it), or take it over, and end what it runs, with --take-over',
        },
      ]);
    }
  });

  test('leaves it when it is taken over, and the plan says what ends', () => {
    expect(planSwarm(cluster, observed, { takeOver: true }).changes).toMatchObject([
      {
        id: 'join/w1',
        interrupts: 'all that its other swarm runs on w1 ends',
        action: { type: 'join', leaveFirst: true },
      },
    ]);
  });

  test('is refused as a manager by the ID of its cluster', () => {
    const other: SwarmObserved = {
      engines: {
        ...makeSwarm([makeMember('m1', 'manager')]).engines,
        m2: makeEngine('m2', {
          state: 'active',
          nodeId: 'x',
          manager: true,
          clusterId: 'theirs',
          managerAddresses: [addressOf('m2')],
        }),
      },
      views: [
        { manager: 'm2', clusterId: 'theirs', members: [makeMember('m2', 'manager', { id: 'x' })] },
        { manager: 'm1', clusterId: 'ours', members: [makeMember('m1', 'manager')] },
      ],
    };
    const run = () => planSwarm(makeCluster(m1, m2), other);
    expect(run).toThrow(InputError);
    expect(run).toThrow(`is in another swarm: cluster theirs, managed by ${addressOf('m2')}`);
  });

  test('a worker whose managers lost their swarm is not quietly taken into a new, empty one', () => {
    const orphan = makeEngine('w1', {
      state: 'active',
      nodeId: 'id-w1',
      managerAddresses: [addressOf('m1')],
    });
    expect(() => planSwarm(cluster, { engines: { m1: makeEngine('m1'), w1: orphan }, views: [] })).toThrow(
      'is in another swarm',
    );
  });
});

describe('a machine that lost its state', () => {
  test('rejoins as worker, then its dead twin is removed', () => {
    const observed = makeSwarm(
      [makeMember('m1', 'manager'), makeMember('w1', 'worker', { status: 'down' })],
      {
        w1: makeEngine('w1'),
      },
    );
    const plan = planSwarm(makeCluster(m1, w1), observed);
    expect(idsAndOrder(plan)).toEqual([
      ['twin/w1/id-w1', ['join/w1']],
      ['join/w1', []],
    ]);
    expect(plan.changes[0]?.action).toEqual({
      type: 'remove-twin',
      node: 'w1',
      nodeId: 'id-w1',
      demoteFirst: false,
    });
    expect(plan.warnings).toEqual([]);
  });

  test('rejoins as manager once its twin has lost its vote', () => {
    const members = [
      makeMember('m1', 'manager'),
      makeMember('m2', 'manager'),
      makeMember('m3', 'manager', { reachability: 'unreachable', status: 'down' }),
    ];
    const plan = planSwarm(makeCluster(m1, m2, m3), makeSwarm(members, { m3: makeEngine('m3') }));
    expect(idsAndOrder(plan)).toEqual([
      ['twin/m3/id-m3', []],
      ['join/m3', ['twin/m3/id-m3']],
    ]);
    expect(plan.changes[0]?.action).toMatchObject({ demoteFirst: true });
  });

  test('after a run that was cut short between the two, only the twin goes', () => {
    const fresh = makeMember('w1', 'worker', { id: 'new' });
    const observed = makeSwarm([makeMember('m1', 'manager'), fresh]);
    observed.views[0]!.members.push(makeMember('w1', 'worker', { status: 'down' }));
    expect(idsAndOrder(planSwarm(makeCluster(m1, w1), observed))).toEqual([['twin/w1/id-w1', []]]);
  });

  test('one of the same name at another address is left alone, with a warning', () => {
    const observed = makeSwarm([makeMember('m1', 'manager')], { w1: makeEngine('w1') });
    observed.views[0]!.members.push(makeMember('w1', 'worker', { address: '203.0.113.5', status: 'down' }));
    const plan = planSwarm(makeCluster(m1, w1), observed);
    expect(plan.changes.map(({ id }) => id)).toEqual(['join/w1']);
    expect(plan.warnings).toEqual([
      'w1 (203.0.113.5) is in the swarm but not in the cluster file; it is left alone',
    ]);
  });
});

describe('an engine that is stuck on its way in', () => {
  const stuck = (extra: object) =>
    planSwarm(makeCluster(m1, w1), makeSwarm([makeMember('m1', 'manager')], { w1: makeEngine('w1', extra) }));
  test.each([
    ['joining our manager', { state: 'pending', managerAddresses: [addressOf('m1')] }],
    ['refused by our manager', { state: 'error', nodeId: 'x', managerAddresses: [addressOf('m1')] }],
    [
      'removed from the list while it was away',
      { state: 'active', nodeId: 'x', managerAddresses: [addressOf('m1')] },
    ],
  ])('%s: it leaves and joins again', (_, extra) => {
    expect(stuck(extra).changes).toMatchObject([{ id: 'join/w1', action: { leaveFirst: true } }]);
  });
  test('joining a stranger: it is refused', () => {
    expect(() => stuck({ state: 'pending', managerAddresses: ['203.0.113.9'] })).toThrow(
      'is in another swarm',
    );
  });
});

test('a lost quorum is said, with the way out, and no new swarm is made', () => {
  const manager = makeEngine('m1', { state: 'active', nodeId: 'x', manager: true, clusterId: 'ours' });
  const run = () =>
    planSwarm(makeCluster(m1, m2), { engines: { m1: manager, m2: makeEngine('m2') }, views: [] });
  expect(run).toThrow('its swarm has no quorum');
});

test('a locked swarm is said', () => {
  const observed = { engines: { m1: makeEngine('m1', { state: 'locked' as const }) }, views: [] };
  expect(() => planSwarm(makeCluster(m1), observed)).toThrow('the swarm is locked on this node');
});

describe('a node that cannot be reached', () => {
  const gone = { kind: 'unreachable', error: new UserError('no answer') } as const;
  const observed = makeSwarm(
    [
      makeMember('m1', 'manager'),
      makeMember('w1', 'worker', { status: 'down', message: 'heartbeat failure' }),
    ],
    { w1: gone },
  );
  test('ends the plan with its own error', () => {
    expect(() => planSwarm(makeCluster(m1, w1), observed)).toThrow(gone.error);
  });
  test('is left as it is when told so, and not taken for a stranger', () => {
    expect(planSwarm(makeCluster(m1, w1), observed, { unreachable: 'skip' })).toEqual({
      layer: 'swarm',
      changes: [],
      unchanged: 1,
      warnings: ["w1 can't be reached and is left as it is"],
    });
  });
});

test('a member that is down, or still has its old name, is warned of', () => {
  const members = [
    makeMember('m1', 'manager'),
    makeMember('w1', 'worker', { status: 'down', message: 'heartbeat failure' }),
  ];
  const observed = makeSwarm(members);
  expect(planSwarm(makeCluster(m1, w1), observed).warnings).toEqual([
    'w1 is down in the swarm: heartbeat failure',
  ]);
  members[1] = makeMember('w1', 'worker', { hostname: 'debian' });
  const renamed = { engines: observed.engines, views: [{ manager: 'm1', clusterId: 'ours', members }] };
  expect(planSwarm(makeCluster(m1, w1), renamed).warnings).toEqual([
    'w1 is called debian in the swarm until its engine restarts',
  ]);
});
