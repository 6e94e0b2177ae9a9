import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planBackends } from '../../src/balancer/backends.ts';
import { watchCommand } from '../../src/balancer/engine-watch.ts';
import { engines } from '../../src/balancer/engines.ts';
import { renderHaproxyConfig } from '../../src/balancer/haproxy/render-haproxy.ts';
import {
  renderCheckScript,
  renderKeepalivedConfig,
  type VirtualAddressModel,
} from '../../src/balancer/keepalived/render-keepalived.ts';
import { renderNftables } from '../../src/balancer/keepalived/render-nftables.ts';
import { renderNginxConfig } from '../../src/balancer/nginx/render-nginx.ts';
import {
  renderEngineDropIn,
  renderKeepalivedDropIn,
  renderNftablesUnit,
} from '../../src/balancer/render-units.ts';
import { readSeal } from '../../src/balancer/seal.ts';
import {
  buildCluster,
  buildNginxCluster,
  buildService,
  buildStack,
  fullSection,
  richMaterials,
  richSection,
} from './examples.ts';

/*
 * The fixtures were read by the programs themselves (haproxy -c -dW of 2.6 and 3.0, nginx -t of 1.22 and 1.26, keepalived -t of 2.2.7 and 2.3.3,
 * nft -c, systemd-analyze verify). After a change on purpose: write them anew with vitest -u and have them read again.
 */
const folder = join(import.meta.dirname, '../fixtures/balancer');

const vips = [{ address: '192.0.2.20', prefixLength: 24 }];
const shared: VirtualAddressModel = {
  vips,
  failover: 'safe',
  balancers: [
    { name: 'lb1', address: '192.0.2.11' },
    { name: 'lb2', address: '192.0.2.12' },
  ],
};
const on = (name: string) => ({ name, interfaceName: 'eth0' });
const derived = buildStack(undefined, [
  buildService('mysql', [[3306, 3306]]),
  buildService('app', [{ TargetPort: 80, PublishedPort: 8080, PublishMode: 'ingress' }]),
]);
const noDefault = buildStack('web: {listen: 80, routes: [{path: /api, service: fastapi}]}');

test.each<[string, string]>([
  [
    'haproxy-full.cfg',
    renderHaproxyConfig(planBackends(buildStack(fullSection), buildCluster()), { address: '192.0.2.11' }),
  ],
  [
    'haproxy-derived.cfg',
    renderHaproxyConfig(planBackends(derived, buildCluster()), { address: '192.0.2.11' }),
  ],
  [
    'haproxy-no-default.cfg',
    renderHaproxyConfig(planBackends(noDefault, buildCluster()), { address: '192.0.2.11' }),
  ],
  [
    'haproxy-rich.cfg',
    renderHaproxyConfig(
      planBackends(
        buildStack(richSection.replace('ip_hash', 'ip_hash, sticky: true, timeouts: {hold: 30s, retry: 2s}')),
        buildCluster(),
        richMaterials,
      ),
      { address: '192.0.2.11' },
    ),
  ],
  [
    'nginx-full.conf',
    renderNginxConfig(planBackends(buildStack(fullSection), buildNginxCluster()), {
      address: '192.0.2.11',
      version: '1.26.3',
    }),
  ],
  [
    'nginx-rich.conf',
    renderNginxConfig(
      planBackends(
        buildStack(
          richSection
            .replace('  backup: [fastapi]\n', '  backup: flask\n')
            .replace('connect: 1s', 'connect: 1s, retry: 2s')
            .replace('ip_hash', 'ip_hash, timeouts: {retry: 3s}'),
        ),
        buildNginxCluster(),
        richMaterials,
      ),
      {
        address: '192.0.2.11',
        version: '1.26.3',
      },
    ),
  ],
  ['nginx-empty.conf', renderNginxConfig(planBackends(undefined, buildNginxCluster()), {})],
  ['haproxy-empty.cfg', renderHaproxyConfig(planBackends(undefined, buildCluster()), {})],
  ['keepalived-safe-first.conf', renderKeepalivedConfig(shared, on('lb1'))],
  ['keepalived-fast-second.conf', renderKeepalivedConfig({ ...shared, failover: 'fast' }, on('lb2'))],
  [
    'keepalived-alone.conf',
    renderKeepalivedConfig({ ...shared, balancers: [{ name: 'lb1', address: '192.0.2.11' }] }, on('lb1')),
  ],
  [
    'keepalived-two-addresses.conf',
    renderKeepalivedConfig(
      {
        vips: [...vips, { address: '192.0.2.21', prefixLength: 24 }],
        failover: 'safe',
        failbackAfterSeconds: 60,
        balancers: [...shared.balancers, { name: 'lb3', address: '192.0.2.13' }],
      },
      on('lb2'),
    ),
  ],
  ['check-engine', renderCheckScript()],
  ['balancer.nft', renderNftables(['192.0.2.12'])],
  ['balancer-alone.nft', renderNftables([])],
  [
    'engine-drop-in.conf',
    renderEngineDropIn({ watch: watchCommand('haproxy'), beforeStart: engines.haproxy.beforeStart }),
  ],
  ['engine-drop-in-no-vip.conf', renderEngineDropIn({})],
  ['keepalived-drop-in.conf', renderKeepalivedDropIn(vips, 'eth0')],
  ['kawanan-nftables.service', renderNftablesUnit()],
])('renders %s', async (name, text) => {
  await expect(text).toMatchFileSnapshot(join(folder, name));
  expect(readSeal(text)).toMatch(/^[0-9a-f]{16}$/);
});

test('NGINX keeps no connection through the mesh, where each has one task', () => {
  const stack = buildStack('web: {listen: 80, service: app}', [
    buildService('app', [{ TargetPort: 80, PublishedPort: 8080, PublishMode: 'ingress' }]),
  ]);
  const text = renderNginxConfig(planBackends(stack, buildNginxCluster()), { address: '192.0.2.11' });
  expect(text).toMatch(/upstream web\.app \{\n(?:.*\n)*? +server 192\.0\.2\.13:8080 /);
  expect(text).not.toMatch(/keepalive \d+;/);
});

test('the same wish gives the same text, another wish another digest', () => {
  const render = (section: string): string =>
    renderHaproxyConfig(planBackends(buildStack(section), buildCluster()), { address: '192.0.2.11' });
  expect(render(fullSection)).toBe(render(fullSection));
  expect(readSeal(render(fullSection))).not.toBe(readSeal(render(fullSection.replace('64', '65'))));
});

test.each([
  ['1.18.0', 'listen 443 ssl http2 default_server reuseport;', false],
  ['1.22.1', 'listen 443 ssl http2 default_server reuseport;', false],
  ['1.26.3', 'listen 443 ssl default_server reuseport;', true],
])('NGINX %s is told of HTTP/2 in its own words', (version, listen, directive) => {
  const model = planBackends(buildStack(richSection), buildNginxCluster(), richMaterials);
  const text = renderNginxConfig(model, { version });
  expect([text.includes(`        ${listen}\n`), text.includes('http2 on;')]).toEqual([true, directive]);
});

test('no private key is in a configuration', () => {
  const model = planBackends(buildStack(richSection), buildCluster(), richMaterials);
  expect(renderHaproxyConfig(model, {})).not.toContain('PRIVATE');
  expect(JSON.stringify(model)).not.toContain('PRIVATE');
});

test('a check answered with 404 lets a server leave; where clients have its cookie only being down does', () => {
  const render = (more: string): string =>
    renderHaproxyConfig(
      planBackends(
        buildStack(`web: {listen: 80, service: app, check: GET /healthz${more}}`, [
          buildService('app', [[8080, 80]]),
        ]),
        buildCluster(),
      ),
      {},
    );
  expect(['', ', sticky: true'].map((more) => render(more).includes('http-check disable-on-404'))).toEqual([
    true,
    false,
  ]);
});
