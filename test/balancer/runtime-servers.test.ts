import { describe, expect, test } from 'vitest';
import { planBackends } from '../../src/balancer/backends.ts';
import { renderHaproxyConfig } from '../../src/balancer/haproxy/render-haproxy.ts';
import { compareServers, listRuntimeServers, renderAdd } from '../../src/balancer/haproxy/runtime-servers.ts';
import { buildCluster, buildNode, buildService, buildStack } from './examples.ts';

const stack = (balancer: object) => buildStack(JSON.stringify(balancer), [buildService('web', [[8000, 80]])]);
const render = (balancer: object, cluster = buildCluster()): string =>
  renderHaproxyConfig(planBackends(stack(balancer), cluster), {});
const web = { web: { listen: 80, service: 'web', maxconn: 50, check: 'GET /healthz' } };
const larger = buildCluster();
larger.nodes.push(buildNode('worker3', '192.0.2.16', 'worker'));

describe('servers of a configuration', () => {
  test('are listed with what their section and its defaults say of servers', () => {
    expect(listRuntimeServers(render(web))).toEqual([
      {
        backend: 'web.web',
        name: 'worker1-web',
        address: '192.0.2.14:8000',
        words: 'check inter 500ms fastinter 150ms downinter 500ms fall 2 rise 2 maxconn 50',
      },
      expect.objectContaining({ name: 'worker2-web', address: '192.0.2.15:8000' }),
    ]);
  });

  test('of a service that is updated blue-green are two a node', () => {
    const config = render({ web: { ...web.web, update: 'blue-green' } });
    expect(listRuntimeServers(config).map(({ name, address }) => [name, address])).toEqual([
      ['worker1-web', '192.0.2.14:8000'],
      ['worker1-web--green', '192.0.2.14:18000'],
      ['worker2-web', '192.0.2.15:8000'],
      ['worker2-web--green', '192.0.2.15:18000'],
    ]);
  });
});

describe('the difference between two configurations', () => {
  test.each([
    ['a node that comes', render(web), render(web, larger), [['worker3-web'], []]],
    ['a node that goes', render(web, larger), render(web), [[], ['worker3-web']]],
    ['none', render(web), render(web), [[], []]],
  ])('is servers: %s', (_, before, after, [added, removed]) => {
    const difference = compareServers(before, after);
    expect(difference?.added.map(({ name }) => name)).toEqual(added);
    expect(difference?.removed.map(({ name }) => name)).toEqual(removed);
  });

  test('is servers where one leaves those that are asked over kept connections', () => {
    const kept = { web: { listen: 80, service: 'web' } };
    const difference = compareServers(render(kept, larger), render(kept));
    expect(difference?.removed.map(({ backend, name }) => [backend, name])).toEqual([
      ['web.web', 'worker3-web'],
      ['web.web:reads', 'worker3-web'],
    ]);
  });

  test('is more than servers where one joins those, or another takes the place of one', () => {
    const kept = { web: { listen: 80, service: 'web' } };
    expect(compareServers(render(kept), render(kept, larger))).toBeUndefined();
    const weighted = { web: { ...web.web, weights: { worker1: 2 } } };
    expect(compareServers(render(web), render(weighted))).toBeUndefined();
  });

  test.each([
    ['another method', { web: { ...web.web, balance: 'leastconn' } }],
    ['another port to listen on', { web: { ...web.web, listen: 81 } }],
    ['another frontend', { ...web, more: { listen: 81, service: 'web' } }],
  ])('is more than servers: %s', (_, after) => {
    expect(compareServers(render(web), render(after))).toBeUndefined();
  });
});

test('a server that a deploy needs at once is added without what a running HAProxy takes for no new one', () => {
  const [, reads] = listRuntimeServers(render({ web: { listen: 80, service: 'web' } })).filter(
    ({ backend }) => backend === 'web.web:reads',
  );
  expect(reads!.words).toMatch(/ tcp-ut 100ms$/);
  expect(renderAdd(reads!, 'ready').split('; ')).toEqual([
    'add server web.web:reads/worker2-web 192.0.2.15:8000 check inter 500ms fastinter 150ms downinter 500ms fall 2 rise 2',
    'enable health web.web:reads/worker2-web',
    'set server web.web:reads/worker2-web state ready',
  ]);
});

test('a server that is added has its checks on, and is held back where that is wanted', () => {
  const server = { backend: 'web.web', name: 'w3-web', address: '192.0.2.16:8000', words: 'check fall 2' };
  expect(renderAdd(server, 'drain').split('; ')).toEqual([
    'add server web.web/w3-web 192.0.2.16:8000 check fall 2',
    'enable health web.web/w3-web',
    'set server web.web/w3-web state ready',
    'set server web.web/w3-web state drain',
  ]);
});
