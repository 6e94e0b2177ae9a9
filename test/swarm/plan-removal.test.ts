import { describe, expect, test } from 'vitest';
import { planSwarmRemoval } from '../../src/swarm/plan-removal.ts';
import { addressOf, makeCluster, makeEngine, makeMember, makeNode, makeSwarm } from './states.ts';

const cluster = makeCluster(
  makeNode('m1', 'manager'),
  makeNode('m2', 'manager'),
  makeNode('w1', 'worker'),
  makeNode('w2', 'worker'),
);
const members = [
  makeMember('m1', 'manager'),
  makeMember('m2', 'manager'),
  makeMember('w1', 'worker'),
  makeMember('w2', 'worker'),
];
const summarise = (plan: ReturnType<typeof planSwarmRemoval>): unknown =>
  plan.changes.map(({ id, after, action }) => ({
    id,
    after,
    demote: action.type === 'leave' && action.demoteFirst,
  }));

test('workers leave side by side, then managers hand over their vote, and the first of the file goes last', () => {
  expect(summarise(planSwarmRemoval(cluster, makeSwarm(members)))).toEqual([
    { id: 'leave/w1', after: [], demote: false },
    { id: 'leave/w2', after: [], demote: false },
    { id: 'leave/m2', after: ['leave/w1', 'leave/w2'], demote: true },
    { id: 'leave/m1', after: ['leave/w1', 'leave/w2', 'leave/m2'], demote: false },
  ]);
});

test('nodes that have left are left alone', () => {
  const observed = makeSwarm([members[0]!], {
    m2: makeEngine('m2'),
    w1: makeEngine('w1'),
    w2: { kind: 'absent', reason: 'no engine' },
  });
  expect(summarise(planSwarmRemoval(cluster, observed))).toEqual([
    { id: 'leave/m1', after: [], demote: false },
  ]);
});

test('a node that is in a swarm of others stays there', () => {
  const foreign = makeEngine('w1', { state: 'active', nodeId: 'x', managerAddresses: ['203.0.113.9'] });
  const observed = makeSwarm([members[0]!, members[1]!], { w1: foreign, w2: makeEngine('w2') });
  expect(planSwarmRemoval(cluster, observed).changes.map(({ id }) => id)).toEqual(['leave/m2', 'leave/m1']);
});

describe('without a quorum', () => {
  test('managers leave without handing anything over', () => {
    const observed = { ...makeSwarm(members), views: [] };
    const own = [addressOf('m1'), addressOf('m2')];
    for (const engine of Object.values(observed.engines)) {
      if (engine.kind === 'engine') engine.managerAddresses = own;
    }
    expect(summarise(planSwarmRemoval(cluster, observed))).toEqual([
      { id: 'leave/w1', after: [], demote: false },
      { id: 'leave/w2', after: [], demote: false },
      { id: 'leave/m2', after: ['leave/w1', 'leave/w2'], demote: false },
      { id: 'leave/m1', after: ['leave/w1', 'leave/w2', 'leave/m2'], demote: false },
    ]);
  });
});

test('members that are not in the cluster file are named', () => {
  const observed = makeSwarm([...members, makeMember('x9', 'worker')]);
  expect(planSwarmRemoval(cluster, observed).warnings).toEqual([
    'x9 is not in the cluster file and stays in what is left of the swarm',
  ]);
});
