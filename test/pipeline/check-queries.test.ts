import { expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { listQueries } from '../../src/monitoring/dashboards/all.ts';
import { historyQueries } from '../../src/monitoring/history.ts';
import { checkQueries, presentMetrics } from '../../src/pipeline/check-queries.ts';

const rule = (type: string, name: string, query: string, lastError = '') => ({
  type,
  name,
  query,
  health: lastError === '' ? 'ok' : 'err',
  lastError,
});

test('every panel and rule is asked once, and each gets its verdict', async () => {
  const asked: string[] = [];
  const verdicts = await checkQueries(async (path, form = '') => {
    if (path === '/api/v1/rules')
      return {
        groups: [
          {
            rules: [
              rule('alerting', 'Quiet', 'up == 7'),
              rule('alerting', 'Broken', 'up ==', 'parse error'),
              rule('recording', 'a:b', 'nowhere'),
            ],
          },
        ],
      };
    const query = new URLSearchParams(form).get('query')!;
    if (query === presentMetrics)
      return {
        resultType: 'vector',
        result: ['up', 'ALERTS'].map((name) => ({ metric: { __name__: name }, value: [1, '1'] })),
      };
    asked.push(query);
    if (query === 'nowhere') throw new UserError('Prometheus refuses: no');
    return {
      resultType: 'vector',
      result: query.startsWith('sum(up') ? [{ metric: {}, value: [1, '1'] }] : [],
    };
  });
  expect(asked).toEqual([
    ...[...listQueries(), ...historyQueries].map(({ expr }) => expr),
    'up == 7',
    'nowhere',
  ]);
  expect(verdicts[0]).toMatchObject({
    group: 'Cluster',
    name: 'Machines that answer',
    verdict: 'data',
    samples: 1,
  });
  expect(
    verdicts.slice(-3).map(({ group, name, verdict, reason }) => [group, name, verdict, reason]),
  ).toEqual([
    ['alerts', 'Quiet', 'empty', 'it does not fire'],
    ['alerts', 'Broken', 'refused', 'parse error'],
    ['records', 'a:b', 'refused', 'Prometheus refuses: no'],
  ]);
});
