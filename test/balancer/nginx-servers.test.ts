import { expect, test } from 'vitest';
import { planBackends } from '../../src/balancer/backends.ts';
import { groupServers, isSettled, parseNginxView } from '../../src/balancer/nginx/live.ts';
import { renderNginxConfig } from '../../src/balancer/nginx/render-nginx.ts';
import {
  insertServers,
  listHeldServers,
  listNginxServers,
  markServers,
} from '../../src/balancer/nginx/servers.ts';
import { readSeal, resealFile } from '../../src/balancer/seal.ts';
import { buildNginxCluster, buildStack, fullSection } from './examples.ts';

const section = `
web: {listen: 80, service: fastapi, check: GET /healthz, weights: {worker1: 3}, backup: worker2, maxconn: 9}
raw: {listen: 3306, mode: tcp, service: mysql}
`;
const model = planBackends(buildStack(section), buildNginxCluster());
const render = (...held: string[]): string =>
  renderNginxConfig(model, { address: '192.0.2.11', held: new Set(held) });

test('the servers of a configuration are read with names, checks and what holds them back', () => {
  expect(listNginxServers(render('web.fastapi/worker1-fastapi'))).toEqual([
    {
      backend: 'web.fastapi',
      name: 'worker1-fastapi',
      address: '192.0.2.14:8000',
      words: 'max_fails=2 fail_timeout=2s weight=3 max_conns=9',
      check: 'GET /healthz',
      held: true,
    },
    {
      backend: 'web.fastapi',
      name: 'worker2-fastapi',
      address: '192.0.2.15:8000',
      words: 'max_fails=2 fail_timeout=2s max_conns=9 backup',
      check: 'GET /healthz',
      held: false,
    },
    {
      backend: 'raw.mysql',
      name: 'worker1-mysql',
      address: '192.0.2.14:3306',
      words: 'max_fails=2 fail_timeout=2s',
      check: 'mysql',
      held: false,
    },
  ]);
});

test('marking servers in place gives the text that rendering them held gives, and back', () => {
  const held = markServers(render(), ({ name }) => (name.startsWith('worker1-') ? 'drain' : undefined));
  expect(held).toBe(render('web.fastapi/worker1-fastapi', 'raw.mysql/worker1-mysql'));
  expect([...listHeldServers(held)]).toEqual(['web.fastapi/worker1-fastapi', 'raw.mysql/worker1-mysql']);
  expect(markServers(held, ({ backend }) => (backend === 'raw.mysql' ? 'ready' : undefined))).toBe(
    render('web.fastapi/worker1-fastapi'),
  );
  expect(markServers(held, () => 'ready')).toBe(render());
  expect(markServers(held, () => undefined)).toBe(held);
});

test('every file that is rendered can be marked', () => {
  const text = renderNginxConfig(planBackends(buildStack(fullSection), buildNginxCluster()), {});
  expect(markServers(text, () => undefined)).toBe(text);
  expect(listHeldServers(markServers(text, () => 'drain')).size).toBe(listNginxServers(text).length);
});

test('servers are added behind the others of their backend, held back or not', () => {
  const [server] = listNginxServers(render());
  const added = { ...server!, name: 'worker1-fastapi--green', address: '192.0.2.14:18000' };
  const text = insertServers(render(), [added], 'drain');
  expect(listNginxServers(text).map(({ backend, name, held }) => [backend, name, held])).toEqual([
    ['web.fastapi', 'worker1-fastapi', false],
    ['web.fastapi', 'worker2-fastapi', false],
    ['web.fastapi', 'worker1-fastapi--green', true],
    ['raw.mysql', 'worker1-mysql', false],
  ]);
  expect(text).toContain(`digest ${readSeal(text)}\\n`);
});

test("a file that isn't ours is left as it is, and holds nobody", () => {
  const foreign = 'http {\n    upstream a {\n        server 192.0.2.14:80;\n    }\n}\n';
  expect(resealFile(foreign)).toBe(foreign);
  expect(markServers(foreign, () => 'drain')).toBe(foreign);
  expect(listHeldServers(foreign).size).toBe(0);
});

const look = (config: string, running: string | undefined): string =>
  [
    `config ${Buffer.from(config).toString('base64')}`,
    'HTTP/1.1 200 OK',
    ...(running === undefined ? [] : [`digest ${running}`]),
    'address 127.0.0.1',
    'address 192.0.2.20',
    'port 80 7',
    'peer 192.0.2.14:8000 3',
    'check web.fastapi worker1-fastapi L7OK/200',
    'check web.fastapi worker2-fastapi L4CON',
    'check raw.mysql worker1-mysql TOUT',
    '',
  ].join('\n');

test('a running NGINX is read from its file, the connections and the checks made from there', () => {
  const config = render('web.fastapi/worker1-fastapi');
  const view = parseNginxView(look(config, readSeal(config)));
  expect(view?.servers.map((one) => [one.name, one.admin, one.up, one.status, one.sessions])).toEqual([
    ['worker1-fastapi', 'drain', true, 'DRAIN', 3],
    ['worker2-fastapi', 'ready', false, 'DOWN', 0],
    ['worker1-mysql', 'ready', false, 'DOWN', 0],
  ]);
  expect(view?.servers[0]).toMatchObject({ address: '192.0.2.14:8000', weight: 3, check: 'L7OK/200' });
  expect(view?.servers[0]).not.toHaveProperty('errors');
  expect(view?.frontends).toEqual([
    { name: 'web', status: 'OPEN', sessions: 7 },
    { name: 'raw', status: 'OPEN', sessions: 0 },
  ]);
  expect(view?.addresses).toEqual(['127.0.0.1', '192.0.2.20']);
  expect(view).not.toHaveProperty('unloaded');
  expect(
    groupServers(view!).map(({ name, status, servers }) => [name, status, servers.map(({ up }) => up)]),
  ).toEqual([
    ['web.fastapi', 'DOWN', [false, false]],
    ['raw.mysql', 'DOWN', [false]],
  ]);
});

test.each([
  ['another configuration than its file', render(), '0123456789abcdef', true],
  ['nothing', render(), undefined, undefined],
  ["somebody else's file", 'user www-data;\n', '0123456789abcdef', undefined],
])('a NGINX that runs %s', (_, config, running, unloaded) => {
  expect(parseNginxView(look(config, running))?.unloaded).toBe(unloaded);
});

test.each([
  ['2 2\n', true],
  ['4 2\n', false],
  ['0 2\n', false],
  ['', false],
])('workers %j: settled %j', (answer, settled) => {
  expect(isSettled(answer)).toBe(settled);
});
