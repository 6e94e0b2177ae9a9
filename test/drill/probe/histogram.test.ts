import { createHistogram } from 'node:perf_hooks';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addHistograms, countDurations, readPercentile } from '../../../src/drill/probe/histogram.ts';

const micros = fc.array(fc.integer({ min: 1, max: 100_000_000 }), { minLength: 1, maxLength: 300 });
const percents = [0.1, 10, 50, 90, 99, 99.9, 100];
const toMs = (values: number[]): number[] => values.map((value) => value / 1000);

describe('a histogram', () => {
  test('gives percentiles within 0.1 % of the sorted values', () => {
    fc.assert(
      fc.property(micros, (values) => {
        const histogram = countDurations(toMs(values));
        const sorted = values.toSorted((a, b) => a - b);
        for (const percent of percents) {
          const exact = sorted[Math.max(1, Math.ceil((percent / 100) * values.length - 1e-6)) - 1]!;
          const read = readPercentile(histogram, percent)! * 1000;
          expect(read).toBeGreaterThanOrEqual(exact - 1e-6);
          expect(read).toBeLessThanOrEqual(exact * 1.001 + 1e-6);
        }
      }),
    );
  });

  test("agrees with Node's own HDR histogram within both their errors", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 100_000_000 }), { minLength: 1, maxLength: 20 }),
        (distinct) => {
          // Each a hundred times: theirs rounds a rank that falls between two values, ours takes the greater.
          const values = distinct.flatMap((value) => Array<number>(100).fill(value));
          const theirs = createHistogram({ lowest: 1, highest: 200_000_000, figures: 3 });
          for (const value of values) theirs.record(value);
          const ours = countDurations(toMs(values));
          for (const percent of [50, 90, 99, 100])
            expect(
              Math.abs((readPercentile(ours, percent)! * 1000) / theirs.percentile(percent) - 1),
            ).toBeLessThan(0.002);
        },
      ),
    );
  });

  test('of two parts added up is that of the whole', () => {
    fc.assert(
      fc.property(micros, fc.array(fc.integer({ min: 0, max: 10_000_000 })), (a, b) => {
        const parts = [a, b].map((values) => countDurations(toMs(values)));
        expect(addHistograms(parts)).toEqual(countDurations(toMs([...a, ...b])));
      }),
    );
  });

  test('survives JSON', () => {
    const histogram = countDurations([0, 0.5, 3, 1e6]);
    expect(JSON.parse(JSON.stringify(histogram))).toEqual(histogram);
  });

  test.each([
    [[], 50, null],
    [[7], 99.9, 7],
    [[-1], 50, 0],
    // 999 of 1,000 are at most 1 ms: the one that is not must not show.
    [[...Array(999).fill(1), 500], 99.9, 1],
    [[...Array(998).fill(1), 500, 500], 99.9, 500],
    [[1, 2, 3, 4], 50, 2],
  ])('of %j has at %d percent %j', (values, percent, expected) => {
    expect(readPercentile(countDurations(values), percent)).toBe(expected);
  });
});
