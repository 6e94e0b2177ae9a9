import { expect, test } from 'vitest';
import type { BackendModel, BalancerModel, FrontendModel } from '../../src/balancer/backends.ts';
import { chooseTargets } from '../../src/dashboard/choose-targets.ts';

const timeouts = { client: '30s' };
const backend = (name: string, check: BackendModel['check']): BackendModel => ({
  name,
  mode: 'http',
  balance: 'roundrobin',
  check,
  timeouts: { server: '30s', queue: '10s', connect: '300ms' },
  servers: [],
});
const frontend = (name: string, more: Partial<FrontendModel>): FrontendModel => ({
  name,
  listen: 80,
  mode: 'http',
  timeouts,
  routes: [{ backend: `${name}.x` }],
  ...more,
});
const model: BalancerModel = {
  engine: 'haproxy',
  frontends: [
    frontend('web', {}),
    frontend('safe', { listen: 443, tls: { certificates: [] } }),
    frontend('sql', { listen: 3306, mode: 'tcp' }),
  ],
  backends: [
    backend('web.x', { kind: 'http', method: 'GET', path: '/healthz' }),
    backend('safe.x', { kind: 'tcp' }),
    backend('sql.x', { kind: 'mysql' }),
  ],
  warnings: [],
};

test('each http frontend is read as a new visitor would, a database is left alone', () => {
  expect(chooseTargets(model, '10.0.0.20')).toMatchObject([
    { kind: 'http', name: 'web', url: 'http://10.0.0.20:80/healthz', connection: 'new' },
    { kind: 'http', name: 'safe', url: 'https://10.0.0.20:443/', connection: 'new' },
  ]);
});

test('a frontend with routes only is read by the first, one that sends everybody elsewhere at its root', () => {
  const frontends = [
    frontend('web', { routes: [{ path: '/api', host: 'shop.example', backend: 'web.x' }] }),
    frontend('old', { listen: 81, routes: [] }),
  ];
  const targets = chooseTargets({ ...model, frontends }, '10.0.0.20');
  expect(targets.map(({ url, headers }) => [url, headers])).toEqual([
    ['http://10.0.0.20:80/api', { host: 'shop.example' }],
    ['http://10.0.0.20:81/', undefined],
  ]);
});

test('an answer is an answer, 404 too, unless the application failed', () => {
  const expectStatus = chooseTargets(model, '10.0.0.20')[0]!.expectStatus!;
  expect([200, 308, 404, 499].every((status) => expectStatus.includes(status))).toBe(true);
  expect([500, 502, 503].some((status) => expectStatus.includes(status))).toBe(false);
});

test('one with a rate limit is left alone, and many are no more load than eight', () => {
  const limited = frontend('limited', { rateLimit: { requests: 1, periodMs: 1_000 } });
  expect(chooseTargets({ ...model, frontends: [limited] }, '10.0.0.20')).toEqual([]);
  const frontends = Array.from({ length: 30 }, (_, index) => frontend(`f${index}`, {}));
  expect(chooseTargets({ ...model, frontends }, '10.0.0.20')).toHaveLength(8);
});
