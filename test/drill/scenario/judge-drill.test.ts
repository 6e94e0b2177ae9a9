import { describe, expect, test } from 'vitest';
import type { ProbeRecord } from '../../../src/drill/probe/record.ts';
import type { Objective } from '../../../src/drill/scenario/drill.ts';
import { judgeDrill, type Seen } from '../../../src/drill/scenario/judge-drill.ts';

/** 1,000 requests, one every 10 ms, a quarter of them writes; those between `from` and `to` fail. */
function seen(from: number, to: number, more: Partial<Seen> = {}): Seen {
  const records = Array.from({ length: 1000 }, (_, index): ProbeRecord => {
    const intendedMs = index * 10;
    const fails = intendedMs >= from && intendedMs < to;
    return {
      index,
      target: index % 4 === 3 ? 'store' : 'read',
      intendedMs,
      startedMs: intendedMs,
      endedMs: intendedMs + 2,
      failure: fails ? 'ECONNREFUSED' : null,
      status: fails ? null : 200,
      server: null,
      bytes: 3,
    };
  });
  return {
    records,
    ratePerSecond: 100,
    struckMs: 3_000,
    writes: ['store'],
    takeoversMs: [],
    serversDownMs: [],
    ...more,
  };
}

const judge = (objective: Objective, what: Seen): { measured: string; met: boolean } => {
  const { measured, met } = judgeDrill([objective], what)[0]!;
  return { measured, met };
};

describe('judges', () => {
  test.each<[string, Objective, Seen, string, boolean]>([
    ['no loss', { figure: 'failed', atMost: 0 }, seen(0, 0), '0 of 1000', true],
    ['one failure too many', { figure: 'failed', atMost: 0 }, seen(3_000, 3_010), '1 of 1000', false],
    [
      'failures of writes only',
      { figure: 'failed', atMost: 0, of: 'writes' },
      seen(3_000, 3_030),
      '0 of 250',
      true,
    ],
    [
      'failures as a time of load: 0.2 s of 100 a second are 20',
      { figure: 'failed seconds', atMost: 0.2 },
      seen(3_000, 3_200),
      '20 of 1000',
      true,
    ],
    [
      'one more than that',
      { figure: 'failed seconds', atMost: 0.2 },
      seen(3_000, 3_210),
      '21 of 1000',
      false,
    ],
    [
      'the same of writes: a quarter of 20',
      { figure: 'failed seconds', atMost: 0.2, of: 'writes' },
      seen(3_000, 3_240),
      '6 of 250',
      false,
    ],
    ['a gap within its limit', { figure: 'longest gap', atMostMs: 210 }, seen(3_000, 3_200), '210 ms', true],
    ['a gap beyond it', { figure: 'longest gap', atMostMs: 209 }, seen(3_000, 3_200), '210 ms', false],
    [
      'a takeover that nobody wanted',
      { figure: 'takeovers', atMost: 0 },
      seen(0, 0, { takeoversMs: [4_000] }),
      '1',
      false,
    ],
    [
      'two holders afterwards',
      { figure: 'holders after', exactly: 1 },
      seen(0, 0, { holdersAfter: [2] }),
      '2',
      false,
    ],
    [
      'the first server marked down',
      { figure: 'detection', atMostMs: 1_250 },
      seen(0, 0, { serversDownMs: [4_900, 4_100] }),
      '1100 ms',
      true,
    ],
    [
      'a server that nobody marked down',
      { figure: 'detection', atMostMs: 1_250 },
      seen(0, 0),
      'never',
      false,
    ],
    ['latency above the median before', { figure: 'added latency', atMostMs: 10 }, seen(0, 0), '0 ms', true],
  ])('%s', (_name, objective, what, measured, met) => {
    expect(judge(objective, what)).toEqual({ measured, met });
  });

  test('nothing sent is nothing proved', () => {
    const nothing = { ...seen(0, 0), records: [] };
    expect(judge({ figure: 'failed', atMost: 0 }, nothing).met).toBe(false);
    expect(judge({ figure: 'longest gap', atMostMs: 100 }, nothing).met).toBe(false);
  });
});

test('of writes nothing is asked where there are none', () => {
  const objectives: Objective[] = [
    { figure: 'failed', atMost: 0, of: 'reads' },
    { figure: 'failed', atMost: 0, of: 'writes' },
  ];
  expect(judgeDrill(objectives, seen(0, 0, { writes: [] })).map(({ text }) => text)).toEqual([
    'failed reads at most 0',
  ]);
  expect(judgeDrill(objectives, seen(0, 0, { records: [] })).map(({ met }) => met)).toEqual([false, false]);
});
