import { describe, expect, test } from 'vitest';
import type { ProbeRecord } from '../../../src/drill/probe/record.ts';
import { type ReceiptBudget, writeReceipt } from '../../../src/drill/receipt/receipt.ts';

/** A request every 10 ms for a second, answered after 2 ms. */
function makeRecords(change: (record: ProbeRecord) => Partial<ProbeRecord> = () => ({})): ProbeRecord[] {
  return Array.from({ length: 100 }, (_, index) => {
    const record: ProbeRecord = {
      index,
      target: 'web',
      intendedMs: index * 10,
      startedMs: index * 10,
      endedMs: index * 10 + 2,
      failure: null,
      status: 200,
      server: null,
      bytes: 10,
    };
    return { ...record, ...change(record) };
  });
}

describe('a receipt', () => {
  test('tells what was before the change from what was during it, by when requests were due', () => {
    const { before, during } = writeReceipt(makeRecords(), 300, { failed: 0 });
    expect([before.requests, during.requests]).toEqual([30, 70]);
  });

  test('holds only what was during the change against the budget', () => {
    const records = makeRecords(({ index }) => (index < 5 ? { failure: 'timeout' } : {}));
    expect(writeReceipt(records, 300, { failed: 0 }).missed).toEqual([]);
  });

  test.each<[string, (index: number) => Partial<ProbeRecord>, ReceiptBudget, string[]]>([
    ['all in time', () => ({}), { failed: 0, gapMs: 20, p99Ms: 5, worstMs: 5 }, []],
    [
      'one that failed',
      (index) => (index === 50 ? { failure: 'status 502' } : {}),
      { failed: 0 },
      ['failed requests: 1, at most 0 allowed'],
    ],
    ['as many as may', (index) => (index === 50 ? { failure: 'status 502' } : {}), { failed: 1 }, []],
    [
      'a gap',
      (index) => (index >= 50 && index < 60 ? { failure: 'timeout' } : {}),
      { failed: 10, gapMs: 100 },
      ['longest gap: 110 ms, at most 100 ms allowed'],
    ],
    [
      'a slow one',
      (index) => (index === 50 ? { endedMs: 1100 } : {}),
      { failed: 0, worstMs: 500 },
      ['worst: 600 ms, at most 500 ms allowed'],
    ],
  ])('says what missed the budget: %s', (_name, change, budget, missed) => {
    expect(
      writeReceipt(
        makeRecords(({ index }) => change(index)),
        300,
        budget,
      ).missed,
    ).toEqual(missed);
  });

  test('keeps every budget where none is set', () => {
    expect(
      writeReceipt(
        makeRecords(() => ({ failure: 'timeout' })),
        300,
        {},
      ).missed,
    ).toEqual([]);
  });

  test('tells when requests failed: those a second apart are another loss', () => {
    const records = makeRecords(({ index }) => ({
      intendedMs: index * 100,
      ...([35, 36, 44, 60].includes(index) && { failure: index === 36 ? 'timeout' : 'status 503' }),
      ...(index === 44 && { target: 'api' }),
    }));
    expect(writeReceipt(records, 3000, {}).losses).toEqual([
      {
        fromMs: 500,
        toMs: 1400,
        failed: 3,
        failures: { 'status 503': 2, timeout: 1 },
        targets: ['api', 'web'],
      },
      { fromMs: 3000, toMs: 3000, failed: 1, failures: { 'status 503': 1 }, targets: ['web'] },
    ]);
  });

  test('is no success where nothing was sent', () => {
    expect(writeReceipt([], 0, { failed: 0 }).missed).toEqual(['no request was sent']);
  });
});
