import { expect, test } from 'vitest';
import type { BalancerModel } from '../../src/balancer/backends.ts';
import { findServingNodes } from '../../src/drill/serving-nodes.ts';

const backend = (name: string, ...nodes: string[]) => ({
  name,
  servers: nodes.map((node) => ({ node, service: name })),
});
const model = {
  frontends: [
    {
      listen: 80,
      routes: [{ path: '/api', backend: 'api' }, { host: 'shop.test', backend: 'shop' }, { backend: 'site' }],
    },
    { listen: 443, routes: [{ backend: 'site' }] },
    { listen: 3306, routes: [{ backend: 'db' }] },
    { listen: 81, routes: [] },
  ],
  backends: [backend('api', 'a', 'b'), backend('shop', 'c'), backend('site', 'b', 'b'), backend('db', 'm')],
} as unknown as BalancerModel;

test('targets are served where their route leads', () => {
  const http = (name: string, url: string, host?: string) => ({
    kind: 'http' as const,
    name,
    url,
    ...(host !== undefined && { headers: { host } }),
  });
  expect(
    findServingNodes(
      [
        http('api', 'http://10.0.0.9/api/items'),
        http('other', 'http://10.0.0.9:80/apiary'),
        http('shop', 'http://10.0.0.9:80/', 'shop.test'),
        http('safe', 'https://10.0.0.9/'),
        http('sent elsewhere', 'http://10.0.0.9:81/'),
        { kind: 'mysql', name: 'db', host: '10.0.0.9', port: 3306 },
        { kind: 'tcp', name: 'unknown', host: '10.0.0.9', port: 5 },
      ],
      model,
    ),
  ).toEqual({ api: [['a', 'b']], other: [['b']], shop: [['c']], safe: [['b']], db: [['m']] });
});

test('what a service depends on must be somewhere, too', () => {
  const api = { kind: 'http' as const, name: 'api', url: 'http://10.0.0.9/api' };
  expect(findServingNodes([api], model, { api: ['db', 'unheard of'] })).toEqual({ api: [['a', 'b'], ['m']] });
});
