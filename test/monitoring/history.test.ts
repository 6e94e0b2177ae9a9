import { expect, test } from 'vitest';
import { readRange, renderRangeForm } from '../../src/monitoring/history.ts';

test('the form asks for the hour until then, a point each half minute', () => {
  const form = renderRangeForm('sum(up) > 0', 10_000);
  expect(Object.fromEntries(new URLSearchParams(form))).toEqual({
    query: 'sum(up) > 0',
    start: '6400',
    end: '10000',
    step: '30',
  });
});

test('the points stand at their times, and gaps stay gaps', () => {
  const values = [
    [6_360, '7'],
    [6_400, '1'],
    [9_970, 'NaN'],
    [10_000, '0.5'],
  ];
  const points = readRange({ resultType: 'matrix', result: [{ metric: {}, values }] }, 10_000);
  expect(points).toHaveLength(121);
  expect([points[0], points[1], points[119], points[120]]).toEqual([1, null, null, 0.5]);
});

test('without a series there is nothing', () => {
  expect(new Set(readRange({ resultType: 'matrix', result: [] }, 10_000))).toEqual(new Set([null]));
});
