import { expect, test } from 'vitest';
import type { BalancerCounters } from '../../src/balancer/counters.ts';
import { measureRates } from '../../src/dashboard/rates.ts';

const counters = (requests: number, errors: number): BalancerCounters => ({
  total: { sessions: 2, requests, errors },
  frontends: [{ name: 'web', sessions: 2, requests, errors }],
  servers: [
    {
      backend: 'web.api',
      name: 'w1-api',
      address: '10.0.0.4:8000',
      state: 'up',
      says: 'UP',
      sessions: 1,
      requests,
      errors,
      responseMs: 5,
    },
  ],
});

test('what was counted between two looks, for each second between them', () => {
  const [before, now] = [
    { atMs: 1_000, counters: counters(100, 4) },
    { atMs: 3_000, counters: counters(130, 5) },
  ];
  const rates = { sessions: 2, requestsPerSecond: 15, errorsPerSecond: 0.5 };
  expect(measureRates(before, now)).toEqual({
    total: rates,
    frontends: [{ name: 'web', ...rates }],
    servers: [
      {
        backend: 'web.api',
        name: 'w1-api',
        address: '10.0.0.4:8000',
        state: 'up',
        says: 'UP',
        responseMs: 5,
        ...rates,
        sessions: 1,
      },
    ],
  });
});

test('a reload begins to count at 0 again, and what is new has done nothing yet', () => {
  const before = { atMs: 0, counters: counters(100, 4) };
  expect(measureRates(before, { atMs: 1_000, counters: counters(7, 0) })?.total.requestsPerSecond).toBe(7);
  const bare = { atMs: 0, counters: { ...counters(100, 4), frontends: [], servers: [] } };
  const rates = measureRates(bare, { atMs: 1_000, counters: counters(107, 4) })!;
  expect([rates.frontends[0]!.requestsPerSecond, rates.servers[0]!.requestsPerSecond]).toEqual([0, 0]);
});

test('one look alone says nothing, and neither do two at the same moment', () => {
  const look = { atMs: 5, counters: counters(1, 0) };
  expect(measureRates(undefined, look)).toBeUndefined();
  expect(measureRates(look, look)).toBeUndefined();
});

test('an engine that tells of no errors has no rate of them', () => {
  const at = (atMs: number, requests: number) => ({
    atMs,
    counters: { total: { sessions: 0, requests }, frontends: [], servers: [] },
  });
  expect(measureRates(at(0, 10), at(1_000, 14))?.total).toEqual({ sessions: 0, requestsPerSecond: 4 });
});
