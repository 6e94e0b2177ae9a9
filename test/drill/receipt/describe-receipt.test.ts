import { expect, test } from 'vitest';
import type { Figures } from '../../../src/drill/probe/summarise.ts';
import { summarise } from '../../../src/drill/probe/summarise.ts';
import { describeLosses, describeReceipt } from '../../../src/drill/receipt/describe-receipt.ts';
import type { Loss, Receipt } from '../../../src/drill/receipt/receipt.ts';

const spread = { least: 0, mean: 0, p90: 0, p999: 0, p50: 1.24, p99: 4.84, worst: 12.3 };
const figures: Figures = {
  ...summarise([]),
  requests: 1200,
  longestGap: { ms: 9, fromMs: 0, toMs: 9 },
  latencyMs: spread,
};
const receipt: Receipt = {
  what: 'deploy',
  startedAt: '2026-11-21T08:00:00.000Z',
  ratePerSecond: 100,
  before: { ...figures, latencyMs: { ...spread, p50: 1.1, p99: 3.9, worst: 8 } },
  during: figures,
  losses: [],
  missed: [],
  unmeasured: [],
};
const loss: Loss = {
  fromMs: 3210,
  toMs: 4080,
  failed: 12,
  failures: { 'status 503': 10, ECONNRESET: 2 },
  targets: ['db', 'web'],
};

test.each<[string, Partial<Receipt>, string]>([
  [
    'nothing lost',
    {},
    '1,200 requests, 0 failed, longest gap 9 ms, p50/p99/worst 1.2/4.8/12 ms; before 1.1/3.9/8 ms',
  ],
  [
    'failing before already',
    { before: { ...figures, failed: 3 } },
    '1,200 requests, 0 failed, longest gap 9 ms, p50/p99/worst 1.2/4.8/12 ms; before 3 failed, 1.2/4.8/12 ms',
  ],
  [
    'nothing answered before',
    { before: summarise([]) },
    '1,200 requests, 0 failed, longest gap 9 ms, p50/p99/worst 1.2/4.8/12 ms',
  ],
])('a receipt is one line: %s', (_name, change, line) => {
  expect(describeReceipt({ ...receipt, ...change })).toBe(line);
});

test('losses say how many, when, what of, and how', () => {
  expect(
    describeLosses({
      losses: [
        loss,
        { ...loss, fromMs: 9000, toMs: 9020, failed: 2, failures: { timeout: 2 }, targets: ['web'] },
      ],
    }),
  ).toEqual([
    '12 failed 3.2 to 4.1 s after the beginning (db, web): 10 status 503, 2 ECONNRESET',
    '2 failed 9.0 s after the beginning (web): 2 timeout',
  ]);
});

test('many losses are counted', () => {
  const lines = describeLosses({ losses: Array.from({ length: 7 }, () => loss) });
  expect(lines).toHaveLength(6);
  expect(lines.at(-1)).toBe('24 failed at 2 later times');
});
