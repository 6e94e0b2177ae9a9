import { expect, test } from 'vitest';
import type { ProbeRecord } from '../../../src/drill/probe/record.ts';
import { summarise } from '../../../src/drill/probe/summarise.ts';
import { bucketRecords } from '../../../src/drill/report/bucket.ts';
import { renderHtml } from '../../../src/drill/report/render-html.ts';
import { renderJunit } from '../../../src/drill/report/render-junit.ts';
import { compareWithEarlier, type ReportData } from '../../../src/drill/report/report-data.ts';
import type { DrillResult } from '../../../src/drill/run-drill.ts';

const record = (
  index: number,
  intendedMs: number,
  latencyMs: number,
  failure: string | null = null,
): ProbeRecord => ({
  index,
  target: 'read',
  intendedMs,
  startedMs: intendedMs,
  endedMs: intendedMs + latencyMs,
  failure,
  status: failure === null ? 200 : null,
  server: null,
  bytes: 3,
});

const records = [
  record(0, 0, 2),
  record(1, 50, 4),
  record(2, 90, 9),
  record(3, 110, 30, 'timeout'),
  record(4, 250, 5),
];

function result(change: Partial<DrillResult> = {}): DrillResult {
  return {
    number: 1,
    name: 'haproxy-killed',
    title: 'the proxy is <killed> & gone',
    verdict: 'met',
    objectives: [{ text: 'longest gap at most 100 ms', measured: '40 ms', met: true }],
    struckMs: 100,
    healedMs: 200,
    timeline: [{ atMs: 100, kind: 'drill', text: 'fault: <script>alert(1)</script>' }],
    probe: {
      startedAt: '2026-01-01T00:00:00.000Z',
      ratePerSecond: 20,
      timeoutMs: 5_000,
      figures: summarise(records),
      byTarget: {},
      phases: [],
      marks: [],
      records,
      warmUp: { requests: 0, failed: 0 },
      realTime: false,
      interrupted: false,
      abandoned: 0,
    },
    load: 1.5,
    ...change,
  };
}

const data: ReportData = {
  cluster: 'lab "one"',
  startedAt: '2026-01-01T00:00:00.000Z',
  machine: '2 cores',
  ratePerSecond: 20,
  results: [
    result(),
    result({
      number: 23,
      name: 'worker-off',
      title: 'a worker is off',
      verdict: 'missed',
      objectives: [{ text: 'failed at most 0', measured: '7 of 9', met: false }],
    }),
    {
      number: 26,
      name: 'database-killed',
      title: 'the database is killed',
      verdict: 'not run',
      reason: 'the stack has no database',
      objectives: [],
      timeline: [],
      load: 1,
    },
  ],
};

test('buckets requests by when they were due, failures beside the latencies of the others', () => {
  expect(bucketRecords(records, 100)).toEqual([
    { fromMs: 0, median: 4, worst: 9, failed: 0 },
    { fromMs: 100, median: null, worst: null, failed: 1 },
    { fromMs: 200, median: 5, worst: 5, failed: 0 },
  ]);
});

test('writes verdicts as JUnit XML: missed is a failure, not run is skipped', () => {
  expect(renderJunit(data)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="drills of lab &quot;one&quot;" timestamp="2026-01-01T00:00:00.000Z" tests="3" failures="1" skipped="1">
  <testcase classname="lab &quot;one&quot;" name="haproxy-killed: the proxy is &lt;killed&gt; &amp; gone" time="0.255"/>
  <testcase classname="lab &quot;one&quot;" name="worker-off: a worker is off" time="0.255"><failure message="failed at most 0: 7 of 9"/></testcase>
  <testcase classname="lab &quot;one&quot;" name="database-killed: the database is killed" time="0.000"><skipped message="the stack has no database"/></testcase>
</testsuite>
`);
});

test('writes a page that fetches nothing and runs nothing, whatever stands in the results', () => {
  const html = renderHtml(data);
  expect(html).not.toMatch(/<script|<link|@import|src=|url\((?!#)/);
  expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(html).toContain('<span class="met">1 met</span> <span class="missed">1 missed</span>');
  // Latency over time, histogram and distribution of both drills that ran.
  expect(html.match(/<svg /g)).toHaveLength(6);
});

test('compares with an earlier run of the same drill', () => {
  const earlier: ReportData = { ...data, results: [result({ verdict: 'missed' }), data.results[1]!] };
  expect(compareWithEarlier(data.results[0]!, earlier)).toBe('was missed');
  expect(compareWithEarlier(data.results[1]!, earlier)).toBe('1 failed, gap 156 ms');
  expect(compareWithEarlier(data.results[2]!, earlier)).toBe('new');
  expect(compareWithEarlier(data.results[2]!, undefined)).toBe('');
});
