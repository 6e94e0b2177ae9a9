import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { describeDrainedBy, drainedByLabel, restartMark } from '../../src/swarm/drained-by.ts';
import { guardQuorum } from '../../src/swarm/guard-quorum.ts';
import { planSwarm } from '../../src/swarm/plan.ts';
import { makeCluster, makeMember, makeNode, makeSwarm } from './states.ts';

const mark = { [drainedByLabel]: 'anna@laptop 2026-11-21T05:00:00Z' };

describe('a node that a person drained', () => {
  const cluster = makeCluster(makeNode('m1', 'manager'), makeNode('w1', 'worker', { labels: { zone: 'a' } }));
  const swarm = (labels: Record<string, string>) =>
    makeSwarm([
      makeMember('m1', 'manager', { leader: true }),
      makeMember('w1', 'worker', { availability: 'drain', labels }),
    ]);
  const zone = { zone: 'a', 'kawanan.labels': 'zone' };

  test('is left so, and told of', () => {
    const { changes, warnings } = planSwarm(cluster, swarm({ ...zone, ...mark }));
    expect(changes).toEqual([]);
    expect(warnings).toContain(
      'w1 was drained by anna@laptop since 2026-11-21T05:00:00Z and stays so: kawanan node ready w1 ends it',
    );
  });

  test('keeps being drained when something else of it changes', () => {
    const [change] = planSwarm(cluster, swarm(mark)).changes;
    expect(change?.fields.map(({ path }) => path)).toEqual(['labels.zone']);
    expect(change?.action).toMatchObject({ type: 'update', settings: { availability: 'drain' } });
  });

  test('by other means is made active again', () => {
    const [change] = planSwarm(cluster, swarm(zone)).changes;
    expect(change?.fields).toEqual([{ path: 'availability', before: 'drain', after: 'active' }]);
  });
});

test.each([
  ['anna@laptop 2026-11-21T05:00:00Z', 'by anna@laptop since 2026-11-21T05:00:00Z'],
  [
    `${restartMark}anna@laptop 2026-11-21T05:00:00Z`,
    'for a restart by anna@laptop since 2026-11-21T05:00:00Z',
  ],
  ['anna', 'by anna'],
])('the mark %s reads %s', (text, words) => {
  expect(describeDrainedBy(text)).toBe(words);
});

describe('taking a manager away for a while', () => {
  const managers = (...reachability: string[]) =>
    reachability.map((state, index) => makeMember(`m${index + 1}`, 'manager', { reachability: state }));

  test.each([
    ['one of three', managers('reachable', 'reachable', 'reachable'), undefined],
    ['the only one', managers('reachable'), /only manager/],
    ['one of two', managers('reachable', 'reachable'), /one alone decides nothing/],
  ])('%s', (_, members, said) => {
    const warning = guardQuorum(members[0]!, members);
    if (said) expect(warning).toMatch(said);
    else expect(warning).toBeUndefined();
  });

  test('is refused where others are missing already', () => {
    const members = managers('reachable', 'reachable', 'unreachable');
    expect(() => guardQuorum(members[0]!, members)).toThrow(UserError);
  });

  test('is no matter for a worker', () => {
    expect(guardQuorum(makeMember('w1', 'worker'), managers('reachable'))).toBeUndefined();
  });
});
