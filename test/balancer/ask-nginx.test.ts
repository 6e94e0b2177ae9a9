import { expect, test } from 'vitest';
import { planBackends } from '../../src/balancer/backends.ts';
import { engines } from '../../src/balancer/engines.ts';
import type { BalancerView } from '../../src/balancer/live.ts';
import type { LiveServer } from '../../src/balancer/live-server.ts';
import { changeNginx } from '../../src/balancer/nginx/ask-nginx.ts';
import { listHeldServers, markServers } from '../../src/balancer/nginx/servers.ts';
import { setStates } from '../../src/balancer/rotation.ts';
import type { Hosts } from '../../src/remote/host.ts';
import { buildNginxCluster, buildStack, fullSection } from './examples.ts';
import { FakeHost } from './fake-host.ts';

const { configPath, render } = engines.nginx;
const cluster = buildNginxCluster();
const config = render(planBackends(buildStack(fullSection), cluster), {});
const drainAll = (text: string): string => markServers(text, () => 'drain');

function buildHost(): FakeHost {
  const host = new FakeHost();
  host.files.set(configPath, config);
  host.nginx = config;
  return host;
}

test('servers are held back in the file, and NGINX runs it', async () => {
  const host = buildHost();
  await changeNginx(host, drainAll);
  expect(host.nginx).toBe(drainAll(config));
  expect(host.files.get(configPath)).toBe(host.nginx);
});

test('a change that was written and not loaded is loaded', async () => {
  const host = buildHost();
  host.files.set(configPath, drainAll(config));
  await changeNginx(host, drainAll);
  expect(host.nginx).toBe(drainAll(config));
});

test.each<[string, (host: FakeHost) => void]>([
  ['refuses', (host) => Object.assign(host, { refuse: () => 'unexpected end of file' })],
  [
    'does not start with',
    (host) => Object.assign(host, { starts: (text: string) => listHeldServers(text).size === 0 }),
  ],
])('what NGINX %s leaves everything as it was', async (_, spoil) => {
  const host = buildHost();
  spoil(host);
  await expect(changeNginx(host, drainAll)).rejects.toThrow();
  expect([host.files.get(configPath), host.nginx]).toEqual([config, config]);
});

test('balancers are told one after the other, the holder of the address last; one that failed ends it', async () => {
  const told: string[] = [];
  const hosts: Hosts = {
    async connect(name) {
      const host = buildHost();
      const { run } = host;
      host.run = (command) => {
        if (command.args?.[0] === 'reload-or-restart') told.push(name);
        return run.call(host, command);
      };
      return host;
    },
    async close() {},
  };
  const server: LiveServer = {
    ...{
      backend: 'web.fastapi',
      name: 'worker1-fastapi',
      address: '192.0.2.14:8000',
      admin: 'ready',
      up: true,
    },
    ...{ status: 'UP', check: 'L4OK', weight: 1, sessions: 0, queued: 0 },
  };
  const view = (balancer: string, more: object): BalancerView => ({
    balancer,
    live: { frontends: [], servers: [server], ...more },
  });
  const views = [view('lb1', { addresses: ['192.0.2.20'] }), view('lb2', { addresses: ['192.0.2.12'] })];
  expect(await setStates(views, { cluster, hosts }, () => 'drain')).toBe(true);
  expect(told).toEqual(['lb2', 'lb1']);
  expect(await setStates(views, { cluster, hosts }, () => 'ready')).toBe(false);
  // what was written and not loaded is no state yet
  expect(await setStates([view('lb2', { unloaded: true })], { cluster, hosts }, () => 'ready')).toBe(true);
  expect(told).toEqual(['lb2', 'lb1', 'lb2']);
});
