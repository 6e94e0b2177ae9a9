import { describe, expect, test } from 'vitest';
import {
  countSamples,
  parseAnswer,
  readAlerts,
  readSeries,
  readTargets,
} from '../../src/monitoring/answers.ts';
import { judgeQuery } from '../../src/monitoring/judge-query.ts';
import { explainAbsence, listMetrics } from '../../src/monitoring/metrics-of.ts';

describe('the metrics of a query', () => {
  test.each([
    ['up', ['up']],
    ['sum by (node) (rate(node_load1{device!="lo"}[1m]))', ['node_load1']],
    ['a:b_c:rate30s / (d > 0) or vector(0)', ['a:b_c:rate30s', 'd']],
    ['x{a="y and z"} * on (id, node) group_left (stack) info', ['x', 'info']],
    ['histogram_quantile(0.99, sum by (le) (rate(h_bucket[1m]))) > 1e3', ['h_bucket']],
    ['label_replace(m, "vip", "$1", "address", "(.+)") and on (vip) group by (vip) (up)', ['m', 'up']],
    ['a unless ignoring(b) a offset 5m', ['a']],
    ['time() - s > 180 * 86400', ['s']],
  ])('%s', (query, metrics) => {
    expect(listMetrics(query)).toEqual(metrics);
  });
});

describe('the verdict on a query', () => {
  const asked = { group: 'g', name: 'n', query: 'up + mysql_up' };
  const all = (): boolean => true;
  const verdictOf = (
    answer: number | { refused: string },
    present: (metric: string) => boolean,
    emptyWhen?: string,
  ) => {
    const { verdict, reason } = judgeQuery(
      { ...asked, answer, ...(emptyWhen !== undefined && { emptyWhen }) },
      present,
    );
    return [verdict, reason];
  };

  test('is data where it has series', () => {
    expect(verdictOf(2, all)).toEqual(['data', undefined]);
  });

  test('is empty where what it rests on is absent for a reason', () => {
    expect(verdictOf(0, (metric) => metric === 'up')).toEqual(['empty', explainAbsence('mysql_up')]);
  });

  test('is empty where it says itself when', () => {
    expect(verdictOf(0, all, 'it does not fire')).toEqual(['empty', 'it does not fire']);
  });

  test('is missing where nobody knows why', () => {
    expect(verdictOf(0, all)).toEqual(['missing', 'its metrics are there, but nothing matches']);
    expect(verdictOf(0, (metric) => metric !== 'up', 'it does not fire')).toEqual([
      'missing',
      'there is no up',
    ]);
  });

  test('is refused in the words of Prometheus', () => {
    expect(verdictOf({ refused: 'parse error' }, all)).toEqual(['refused', 'parse error']);
  });
});

describe('answers of Prometheus', () => {
  test('tell targets by job and instance', () => {
    const data = {
      activeTargets: [
        {
          labels: { job: 'node', instance: 'w1', node: 'w1' },
          health: 'down',
          lastError: 'refused',
          lastScrape: '2026-01-01T00:00:00Z',
        },
        {
          labels: { job: 'balancer', instance: 'lb1' },
          health: 'unknown',
          lastError: '',
          lastScrape: '0001-01-01T00:00:00Z',
        },
      ],
    };
    expect(readTargets(data)).toEqual([
      { job: 'balancer', instance: 'lb1', state: 'unknown' },
      {
        job: 'node',
        instance: 'w1',
        node: 'w1',
        state: 'down',
        error: 'refused',
        askedAt: '2026-01-01T00:00:00Z',
      },
    ]);
  });

  test('tell alerts, those that fire first', () => {
    const alert = (name: string, state: string) => ({
      labels: { alertname: name, severity: 'warning' },
      annotations: { summary: 's', runbook: 'r' },
      state,
      activeAt: 't',
    });
    const read = readAlerts({ alerts: [alert('A', 'pending'), alert('B', 'firing')] });
    expect(read.map(({ name, state }) => [name, state])).toEqual([
      ['B', 'firing'],
      ['A', 'pending'],
    ]);
  });

  test('are series with a value each', () => {
    expect(readSeries({ resultType: 'vector', result: [{ metric: { a: 'b' }, value: [1, '2.5'] }] })).toEqual(
      [{ labels: { a: 'b' }, value: 2.5 }],
    );
    const range = {
      metric: {},
      values: [
        [1, '1'],
        [2, '+Inf'],
      ],
    };
    expect(readSeries({ resultType: 'matrix', result: [range] })).toEqual([
      { labels: {}, value: Number.POSITIVE_INFINITY },
    ]);
    const values = ['-Inf', 'NaN'].map((text) => ({ metric: {}, value: [1, text] }));
    expect(readSeries({ resultType: 'vector', result: values }).map(({ value }) => value)).toEqual([
      Number.NEGATIVE_INFINITY,
      Number.NaN,
    ]);
    expect(readSeries({ resultType: 'scalar', result: [1, '3'] })).toEqual([{ labels: {}, value: 3 }]);
  });

  test('are counted', () => {
    expect(countSamples({ resultType: 'vector', result: [{ metric: {} }, { metric: {} }] })).toBe(2);
    expect(countSamples({ resultType: 'scalar', result: [1, '2'] })).toBe(1);
  });

  test('that refuse, or are none, are errors', () => {
    expect(parseAnswer('{"status":"success","data":1}')).toBe(1);
    expect(() => parseAnswer('{"status":"error","error":"bad"}')).toThrow('Prometheus refuses: bad');
    expect(() => parseAnswer('Unauthorized\n')).toThrow('Prometheus answers with no JSON: Unauthorized');
    for (const body of ['', '{}'])
      expect(() => parseAnswer(body)).toThrow(
        expect.objectContaining({ next: expect.stringMatching(/monitor panels|docker service logs/) }),
      );
  });
});
