import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planSchedule, takeTurns } from '../../../src/drill/probe/schedule.ts';

const target = (name: string, weight: number) => ({ kind: 'tcp' as const, name, host: 'h', port: 1, weight });

describe('a schedule', () => {
  test('has the warm-up before 0 and the counted requests from 0 on, evenly spaced', () => {
    const schedule = planSchedule({
      ratePerSecond: 100,
      durationMs: 30,
      warmUpMs: 20,
      targets: [target('a', 1)],
    });
    const due = Array.from({ length: schedule.count }, (_, index) => schedule.intendedMs(index));
    expect(due).toEqual([-20, -10, 0, 10, 20]);
  });

  test('has at least one request', () => {
    const targets = [target('a', 1)];
    expect(planSchedule({ ratePerSecond: 1, durationMs: 10, warmUpMs: 0, targets }).count).toBe(1);
  });

  test.each([
    [[1], [0]],
    [
      [1, 1],
      [0, 1],
    ],
    [
      [3, 1],
      [0, 0, 1, 0],
    ],
    [
      [2, 1, 1],
      [0, 1, 2, 0],
    ],
  ])('with weights %j takes turns %j', (weights, turns) => {
    expect(takeTurns(weights)).toEqual(turns);
  });

  test('gives each target as many turns in a round as its weight says', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 6 }), (weights) => {
        const turns = takeTurns(weights);
        expect(weights.map((_, place) => turns.filter((turn) => turn === place).length)).toEqual(weights);
      }),
    );
  });
});
