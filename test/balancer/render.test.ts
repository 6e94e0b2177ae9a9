import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planBackends } from '../../src/balancer/backends.ts';
import { renderHaproxyConfig } from '../../src/balancer/haproxy/render-haproxy.ts';
import {
  renderCheckScript,
  renderKeepalivedConfig,
  type VirtualAddressModel,
} from '../../src/balancer/keepalived/render-keepalived.ts';
import { renderNftables } from '../../src/balancer/keepalived/render-nftables.ts';
import {
  renderEngineDropIn,
  renderKeepalivedDropIn,
  renderNftablesUnit,
} from '../../src/balancer/render-units.ts';
import { readSeal } from '../../src/balancer/seal.ts';
import { buildCluster, buildService, buildStack, fullSection } from './examples.ts';

/*
 * The fixtures were read by the programs themselves (haproxy -c -dW of 2.6 and 3.0, keepalived -t of 2.2.7 and 2.3.3,
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
  ['engine-drop-in.conf', renderEngineDropIn({ withVip: true })],
  ['engine-drop-in-no-vip.conf', renderEngineDropIn({ withVip: false })],
  ['keepalived-drop-in.conf', renderKeepalivedDropIn(vips, 'eth0')],
  ['kawanan-nftables.service', renderNftablesUnit()],
])('renders %s', async (name, text) => {
  await expect(text).toMatchFileSnapshot(join(folder, name));
  expect(readSeal(text)).toMatch(/^[0-9a-f]{16}$/);
});

test('the same wish gives the same text, another wish another digest', () => {
  const render = (section: string): string =>
    renderHaproxyConfig(planBackends(buildStack(section), buildCluster()), { address: '192.0.2.11' });
  expect(render(fullSection)).toBe(render(fullSection));
  expect(readSeal(render(fullSection))).not.toBe(readSeal(render(fullSection.replace('64', '65'))));
});
