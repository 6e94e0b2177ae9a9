import { expect, test } from 'vitest';
import { type Figures, summarise } from '../../../src/drill/probe/summarise.ts';
import {
  describeGap,
  describeQuality,
  describeResources,
  describeStress,
} from '../../../src/drill/reference/describe-figures.ts';

const spread = { least: 0, mean: 4.12, p90: 0, p999: 0, p50: 3.94, p99: 38.4, worst: 90 };
const figures: Figures = {
  ...summarise([]),
  requests: 10_000,
  failed: 3,
  loss: 0.0003,
  latencyMs: spread,
  jitterMs: 1.25,
  throughputPerSecond: 499.6,
  bytesPerSecond: 125_000,
  longestGap: { ms: 268.4, fromMs: 0, toMs: 268 },
};

test('figures in the words of the table', () => {
  expect(describeQuality(figures)).toBe('delay 4.1 ms, jitter 1.3 ms, loss 0.03 %, 1.00 Mbit/s');
  expect(describeStress(figures)).toBe('10,000: 3 failed, p50/p99 3.9 ms/38 ms, 500/s');
  expect(describeGap({ probe: { figures } as never })).toBe('3 of 10,000 failed, longest gap 268 ms');
});

test('what nothing was measured for', () => {
  expect(describeQuality(summarise([]))).toBe('delay –, jitter –, loss 0 %, 0.00 Mbit/s');
  expect(describeStress(summarise([]))).toBe('0: 0 failed, p50/p99 –, 0/s');
  expect(describeGap({ reason: 'no lab' })).toBe('no lab');
});

test('resources are means of each node', () => {
  const sample = (node: string, processorPercent: number, memoryBytes: number) => ({
    atMs: 0,
    node,
    processorPercent,
    memoryBytes,
  });
  expect(describeResources([sample('w1', 10, 2e8), sample('w2', 5, 1e8), sample('w1', 30, 2.2e8)])).toBe(
    'w1 20 % of a core, 210 MB; w2 5 % of a core, 100 MB',
  );
});
