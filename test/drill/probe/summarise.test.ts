import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProbeRecord } from '../../../src/drill/probe/record.ts';
import { summarise, summariseBy, summarisePhases } from '../../../src/drill/probe/summarise.ts';

function makeRecord(index: number, change: Partial<ProbeRecord> = {}): ProbeRecord {
  const intendedMs = change.intendedMs ?? index * 10;
  return {
    index,
    target: 'GET',
    intendedMs,
    startedMs: intendedMs,
    endedMs: intendedMs + 2,
    failure: null,
    status: 200,
    server: null,
    bytes: 100,
    ...change,
  };
}

const runs = fc
  .array(
    fc.record({
      latencyMs: fc.integer({ min: 0, max: 900 }),
      failure: fc.constantFrom(null, null, null, 'timeout', 'status 502'),
      target: fc.constantFrom('GET', 'POST'),
    }),
    { minLength: 1, maxLength: 80 },
  )
  .map((parts) =>
    parts.map(({ latencyMs, failure, target }, index) =>
      makeRecord(index, { endedMs: index * 10 + latencyMs, failure, target }),
    ),
  );

test('the figures of a run with two failures', () => {
  const records = [
    makeRecord(0),
    makeRecord(1, { endedMs: 14 }),
    makeRecord(2, { failure: 'timeout', endedMs: 60, status: null, bytes: 0 }),
    makeRecord(3, { failure: 'status 502', endedMs: 33, status: 502 }),
    makeRecord(4, { startedMs: 43, endedMs: 100 }),
  ];
  expect(summarise(records)).toEqual({
    requests: 5,
    succeeded: 3,
    failed: 2,
    loss: 0.4,
    failures: { 'status 502': 1, timeout: 1 },
    longestGap: { ms: 86, fromMs: 14, toMs: 100 },
    // the greatest value of the bucket
    latencyMs: { least: 2, mean: 22, p50: 4.001, p90: 60, p99: 60, p999: 60, worst: 60 },
    // 2 → 4 → 60
    jitterMs: 29,
    throughputPerSecond: 30,
    bytesPerSecond: 3000,
    ownDelayMs: { least: 0, mean: 0.6, p50: 0, p90: 3, p99: 3, p999: 3, worst: 3 },
    histogram: { unit: 'µs', count: 3, least: 2000, most: 60_000, buckets: expect.any(Array) },
  });
});

test('nothing has no figures', () => {
  expect(summarise([])).toMatchObject({
    requests: 0,
    loss: 0,
    longestGap: null,
    latencyMs: null,
    jitterMs: null,
    throughputPerSecond: 0,
    ownDelayMs: null,
  });
});

describe('figures', () => {
  test('do not depend on the order of the records', () => {
    fc.assert(
      fc.property(
        runs.chain((run) => fc.tuple(fc.constant(run), fc.shuffledSubarray(run, { minLength: run.length }))),
        ([run, shuffled]) => {
          expect(summarise(shuffled)).toEqual(summarise(run));
        },
      ),
    );
  });

  test('account for every request, in all and in each group', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const all = summarise(run);
        const byTarget = Object.values(summariseBy(run, (record) => record.target));
        const add = (numbers: number[]): number => numbers.reduce((sum, number) => sum + number, 0);
        expect(all.succeeded + all.failed).toBe(run.length);
        expect(add(Object.values(all.failures))).toBe(all.failed);
        expect(add(byTarget.map(({ requests }) => requests))).toBe(run.length);
        expect(add(byTarget.map(({ failed }) => failed))).toBe(all.failed);
        expect(all.histogram.count).toBe(all.succeeded);
      }),
    );
  });

  test('have percentiles that rise', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const { latencyMs } = summarise(run);
        if (latencyMs === null) return;
        const { least, p50, p90, p99, p999, worst } = latencyMs;
        const rising = [least, p50, p90, p99, p999, worst];
        expect(rising).toEqual(rising.toSorted((a, b) => a - b));
      }),
    );
  });

  test('have the longest gap: no success within it, and none longer anywhere', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const gap = summarise(run).longestGap!;
        const successMs = run.filter(({ failure }) => failure === null).map(({ endedMs }) => endedMs);
        expect(successMs.filter((ms) => ms > gap.fromMs && ms < gap.toMs)).toEqual([]);
        const lastSuccessMs = Math.max(0, ...successMs);
        // requests that hang from before the last success don't make the run longer
        const ends = run
          .filter(({ intendedMs }) => intendedMs >= lastSuccessMs)
          .map(({ endedMs }) => endedMs);
        const lastMs = Math.max(lastSuccessMs, ...ends);
        // From every moment at which a gap can begin, the next success or the end is no farther than the longest.
        for (const fromMs of [run[0]!.intendedMs, ...successMs]) {
          const toMs = Math.min(lastMs, ...successMs.filter((ms) => ms > fromMs));
          expect(toMs - fromMs).toBeLessThanOrEqual(gap.ms);
        }
      }),
    );
  });

  test.each([
    ['hung while others were answered: its time limit is no gap', 1, { ms: 20, fromMs: 2, toMs: 22 }],
    [
      'hung and nothing came after it: the gap goes on until it was given up',
      9,
      { ms: 5008, fromMs: 82, toMs: 5090 },
    ],
  ])('a request %s', (_, hanging, gap) => {
    const run = Array.from({ length: 10 }, (_, index) =>
      makeRecord(index, index === hanging ? { failure: 'timeout', endedMs: index * 10 + 5000 } : {}),
    );
    expect(summarise(run).longestGap).toEqual(gap);
  });

  test('of failures only have a gap as long as the run', () => {
    const run = [0, 1, 2].map((index) => makeRecord(index, { failure: 'ECONNREFUSED' }));
    expect(summarise(run).longestGap).toEqual({ ms: 22, fromMs: 0, toMs: 22 });
  });
});

describe('phases', () => {
  test('part the requests at the marks', () => {
    const run = Array.from({ length: 10 }, (_, index) =>
      makeRecord(index, index >= 4 ? { failure: 'timeout' } : {}),
    );
    const phases = summarisePhases(run, [{ name: 'haproxy killed', atMs: 35 }]);
    expect(
      phases.map(({ name, fromMs, toMs, figures }) => [name, fromMs, toMs, figures.requests, figures.failed]),
    ).toEqual([
      ['start', 0, 35, 4, 0],
      ['haproxy killed', 35, null, 6, 6],
    ]);
  });

  test('hold every request once, wherever the marks are', () => {
    const marks = fc.array(fc.integer({ min: -100, max: 2000 }), { maxLength: 5 });
    fc.assert(
      fc.property(runs, marks, (run, times) => {
        const phases = summarisePhases(
          run,
          times.map((atMs, index) => ({ name: `m${index}`, atMs })),
        );
        expect(phases).toHaveLength(times.length + 1);
        expect(phases.reduce((sum, { figures }) => sum + figures.requests, 0)).toBe(run.length);
      }),
    );
  });
});
