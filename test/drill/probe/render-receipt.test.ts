import { expect, test } from 'vitest';
import { renderReceipt } from '../../../src/drill/probe/render-receipt.ts';
import { type Figures, summarise } from '../../../src/drill/probe/summarise.ts';

const spread = { least: 0, mean: 0, p90: 0, p999: 0, p50: 1.24, p99: 4.84, worst: 12.3 };
const figures: Figures = {
  ...summarise([]),
  requests: 12_408,
  longestGap: { ms: 9, fromMs: 0, toMs: 9 },
  latencyMs: spread,
  ownDelayMs: { ...spread, p50: 0.1, p99: 0.3, worst: 2 },
};

test.each<[string, Partial<Figures>, string]>([
  ['a run without failures', {}, '12,408 requests, 0 failed, longest gap 9 ms, p50/p99/worst 1.2/4.8/12 ms'],
  [
    'failures by kind',
    { failed: 3, failures: { timeout: 2, 'status 502': 1 } },
    '12,408 requests, 3 failed (2 timeout, 1 status 502), longest gap 9 ms, p50/p99/worst 1.2/4.8/12 ms',
  ],
  [
    'failures only',
    { requests: 1, failed: 1, failures: { ECONNREFUSED: 1 }, latencyMs: null },
    '1 request, 1 failed (1 ECONNREFUSED), longest gap 9 ms',
  ],
  [
    'a probe that was late itself',
    { ownDelayMs: { ...spread, p50: 9.96, p99: 20, worst: 1234 } },
    "12,408 requests, 0 failed, longest gap 9 ms, p50/p99/worst 1.2/4.8/12 ms, of which the probe's own delay 10/20/1,234 ms",
  ],
])('%s', (_name, change, line) => {
  expect(renderReceipt({ ...figures, ...change })).toBe(line);
});
