import { expect, test } from 'vitest';
import { createFigureKeeper } from '../../src/dashboard/figures.ts';
import type { BalancerRates } from '../../src/dashboard/rates.ts';

const rates = (requestsPerSecond: number): BalancerRates => ({
  total: { sessions: 1, requestsPerSecond, errorsPerSecond: 1 },
  frontends: [{ name: 'web', sessions: 1, requestsPerSecond, errorsPerSecond: 1 }],
  servers: [],
});
const beat = (latencyMs: number, failure: string | null = null) => ({ target: 'web', latencyMs, failure });

test('a second becomes a point of every series, over all balancers', () => {
  const keeper = createFigureKeeper();
  for (const latencyMs of [4, 1, 90, 2]) keeper.count(beat(latencyMs));
  keeper.count(beat(2_000, 'timeout'));
  keeper.closeSecond([rates(10), rates(0.25)]);
  const latency = { sent: 5, failed: 1, p50: 4, p99: 90, worst: 90 };
  expect(keeper.read()).toEqual({
    series: { requests: [10.3], errors: [2], median: [4], worst: [90], failed: [1] },
    latency,
    frontends: [
      {
        name: 'web',
        requestsPerSecond: 10.3,
        errorsPerSecond: 2,
        sessions: 2,
        latency,
        requests: [10.3],
        median: [4],
      },
    ],
    answers: true,
  });
});

test('what was not measured is a gap, and no zero', () => {
  const keeper = createFigureKeeper();
  keeper.closeSecond([]);
  const { series, latency, frontends, answers } = keeper.read();
  expect(series).toEqual({ requests: [null], errors: [null], median: [null], worst: [null], failed: [null] });
  expect([latency, frontends, answers]).toEqual([null, [], null]);
});

test('clients get no answer when everything of a second failed, and until something succeeds', () => {
  const keeper = createFigureKeeper();
  const second = (...beats: ReturnType<typeof beat>[]): boolean | null => {
    for (const one of beats) keeper.count(one);
    keeper.closeSecond([]);
    return keeper.read().answers;
  };
  expect(second(beat(1), beat(1, 'status 503'))).toBe(true);
  expect(second(beat(1, 'ECONNREFUSED'))).toBe(false);
  expect(second()).toBe(false);
  expect(second(beat(1))).toBe(true);
});

test('however long it runs, it remembers five minutes', () => {
  const keeper = createFigureKeeper();
  for (let second = 0; second < 2_000; second++) {
    for (let count = 0; count < 5; count++) keeper.count(beat(second));
    keeper.closeSecond([rates(second)]);
  }
  const { series, frontends, latency } = keeper.read();
  expect(series.requests).toHaveLength(300);
  expect(series.requests.at(-1)).toBe(1_999);
  expect(frontends[0]!.requests).toHaveLength(120);
  expect(latency!.sent).toBe(300);
});
