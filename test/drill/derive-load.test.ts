import { describe, expect, test } from 'vitest';
import type { BackendModel, BalancerModel, FrontendModel } from '../../src/balancer/backends.ts';
import { deriveTargets, fitTargets } from '../../src/drill/derive-load.ts';
import type { ProbeTarget } from '../../src/drill/probe/options.ts';

const frontend = (change: Partial<FrontendModel> = {}): FrontendModel => ({
  name: 'web',
  listen: 80,
  mode: 'http',
  timeouts: { client: '60s' },
  routes: [{ backend: 'web.app' }],
  ...change,
});

const model = (
  frontends: FrontendModel[],
  checks: Record<string, BackendModel['check']> = {},
): BalancerModel => ({
  engine: 'haproxy',
  frontends,
  backends: Object.entries(checks).map(([name, check]) => ({ name, check }) as BackendModel),
  warnings: [],
});

const describeTarget = (target: ProbeTarget): string =>
  target.kind === 'http'
    ? [target.name, target.url, target.headers?.['host'], target.connection].filter(Boolean).join(' | ')
    : `${target.name} | ${target.kind}://${target.host}:${target.port}`;

describe('what is sent where nobody says', () => {
  test.each<[string, BalancerModel, string[]]>([
    [
      'one route',
      model([frontend()]),
      ['web | http://10.0.0.9:80/', 'web (new connections) | http://10.0.0.9:80/ | new'],
    ],
    [
      'a route by path, one by host name',
      model([
        frontend({
          routes: [
            { path: '/api', backend: 'a' },
            { host: 'shop.test', backend: 'b' },
          ],
        }),
      ]),
      [
        'web /api | http://10.0.0.9:80/api',
        'web /api (new connections) | http://10.0.0.9:80/api | new',
        'web shop.test | http://10.0.0.9:80/ | shop.test',
        'web shop.test (new connections) | http://10.0.0.9:80/ | shop.test | new',
      ],
    ],
    [
      'TLS, and a frontend that sends everybody there',
      model([
        frontend({ name: 'safe', listen: 443, tls: { certificates: [] } }),
        frontend({ routes: [], redirectPort: 443 }),
      ]),
      [
        'safe | https://10.0.0.9:443/',
        'safe (new connections) | https://10.0.0.9:443/ | new',
        'web | http://10.0.0.9:80/',
        'web (new connections) | http://10.0.0.9:80/ | new',
      ],
    ],
    [
      'connections, and a database that greets',
      model(
        [
          frontend({ name: 'lines', listen: 7000, mode: 'tcp', routes: [{ backend: 'lines' }] }),
          frontend({ name: 'db', listen: 3306, mode: 'tcp', routes: [{ backend: 'db' }] }),
        ],
        { lines: { kind: 'tcp' }, db: { kind: 'mysql' } },
      ),
      ['lines | tcp://10.0.0.9:7000', 'db | mysql://10.0.0.9:3306'],
    ],
    ['a limit on requests', model([frontend({ rateLimit: { requests: 5, periodMs: 1000 } })]), []],
  ])('%s', (_name, given, lines) => {
    expect(deriveTargets(given, ['10.0.0.9']).map(describeTarget)).toEqual(lines);
  });

  test('is sent to each virtual address, under names of their own', () => {
    expect(
      deriveTargets(model([frontend()]), ['10.0.0.9', '10.0.0.10'])
        .map(describeTarget)
        .filter((line) => !line.includes('new')),
    ).toEqual(['web | http://10.0.0.9:80/', 'web at 10.0.0.10 | http://10.0.0.10:80/']);
  });
});

describe('targets are fitted to what they answer', () => {
  const target = { kind: 'http' as const, name: 'web', url: 'http://10.0.0.9/' };
  const answer = { failure: null, status: 200, server: null, bytes: 1 };

  test.each<[string, number, number[] | undefined]>([
    ['success stays as it is', 200, undefined],
    ['what a stranger is told counts as an answer', 403, [403]],
    ['that there is no such page, too', 404, [404]],
  ])('%s', (_name, status, more) => {
    const failure = status >= 400 ? `status ${status}` : null;
    const { targets, silent } = fitTargets([target], [{ ...answer, failure, status }]);
    expect(silent).toEqual([]);
    const { expectStatus } = targets[0] as typeof target & { expectStatus?: number[] };
    expect(expectStatus?.filter((one) => one >= 400)).toEqual(more);
    if (expectStatus) expect(expectStatus).toEqual(expect.arrayContaining([200, 302, 399]));
  });

  test.each<[string, string, number | null]>([
    ['nobody there', 'ECONNREFUSED', null],
    ['no server behind the balancer', 'status 503', 503],
    ['told to come back later', 'status 429', 429],
  ])('left out: %s', (_name, failure, status) => {
    expect(fitTargets([target], [{ ...answer, failure, status }])).toEqual({
      targets: [],
      silent: [`web: ${failure}`],
    });
  });
});
