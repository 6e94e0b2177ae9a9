import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { makeBaseline, renderBaseline } from '../../src/hosts/baseline.ts';
import { findNodesWithoutIpvs, readText } from '../../src/hosts/host-state.ts';
import { observeScript } from '../../src/hosts/observe-script.ts';
import { compareClocks, parseHost, parseOsRelease } from '../../src/hosts/parse-host.ts';
import { baselinePath, broughtPath } from '../../src/hosts/paths.ts';
import { parseNewPackages, parseRemovedPackages } from '../../src/hosts/run-apt.ts';
import { makeBareHost, observe } from './states.ts';

/** Lines as the script prints them: words, then the value. */
function say(entries: [string, string][]): string {
  return entries.map(([words, value]) => `${words} ${Buffer.from(value).toString('base64')}\n`).join('');
}

const timing = { startedAtMs: 1_000_000, endedAtMs: 1_000_400 };

test('a whole answer becomes a whole state', () => {
  const baseline = makeBaseline('test', makeBareHost());
  const output = say([
    ['clock', '1000700\n'],
    ['os-release', 'PRETTY_NAME="Ubuntu 24.04.2 LTS"\nID=ubuntu\nVERSION_ID="24.04"\n'],
    ['architecture', 'amd64\n'],
    ['systemd', 'yes\n'],
    ['container', 'none\n'],
    ['packages', 'installed libc6:amd64\ninstalled libc6:i386\nhalf-configured docker.io\n'],
    ['dpkg-updates', '0001\n'],
    ['hostname', 'vm-a\n'],
    ['file /etc/hosts 644 root:root', '127.0.0.1 localhost\nclock MA==\n'],
    [`file ${baselinePath} 600 root:root`, renderBaseline(baseline)],
    [`file ${broughtPath} 644 root:root`, 'docker.io\nrunc\n'],
    ['sysctl', '/proc/sys/net/ipv4/ip_local_port_range:32768\t60999\n/proc/sys/net/core/somaxconn:4096\n'],
    [
      'services',
      'Id=docker.service\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\n\nId=keepalived.service\nLoadState=not-found\nActiveState=inactive\nUnitFileState=\n',
    ],
    ['engine-environment', 'DOCKER_SERVICE_PREFER_OFFLINE_IMAGE=1\n'],
    ['modules', 'vxlan\n'],
    ['filesystems', 'nodev overlay\n'],
    ['kernel-config', '# CONFIG_IP_VS is not set\nCONFIG_OVERLAY_FS=m\n'],
    ['apparmor', 'Y\n'],
    ['folders', '/var/lib/docker filled\n/etc/docker empty\n'],
  ]);
  expect(parseHost(output, timing)).toEqual({
    kind: 'reached',
    system: { id: 'ubuntu', version: '24.04', name: 'Ubuntu 24.04.2 LTS' },
    architecture: 'amd64',
    systemd: true,
    packages: { libc6: 'installed', 'libc6:i386': 'installed', 'docker.io': 'half-configured' },
    dpkgInterrupted: true,
    hostname: 'vm-a',
    files: {
      '/etc/hosts': {
        mode: '644',
        owner: 'root:root',
        base64: Buffer.from('127.0.0.1 localhost\nclock MA==\n').toString('base64'),
      },
      [baselinePath]: {
        mode: '600',
        owner: 'root:root',
        base64: Buffer.from(renderBaseline(baseline)).toString('base64'),
      },
      [broughtPath]: {
        mode: '644',
        owner: 'root:root',
        base64: Buffer.from('docker.io\nrunc\n').toString('base64'),
      },
    },
    sysctl: { 'net.ipv4.ip_local_port_range': '32768 60999', 'net.core.somaxconn': '4096' },
    services: {
      'docker.service': { load: 'loaded', active: 'active', enabled: 'enabled' },
      'keepalived.service': { load: 'not-found', active: 'inactive', enabled: '' },
    },
    engineEnvironment: ['DOCKER_SERVICE_PREFER_OFFLINE_IMAGE=1'],
    kernel: { ipvs: 'missing', overlay: 'present', vxlan: 'present' },
    apparmor: true,
    folders: { '/var/lib/docker': 'filled', '/etc/docker': 'empty' },
    clock: { offsetMs: 500, uncertaintyMs: 200 },
    baseline,
    brought: ['docker.io', 'runc'],
  });
});

test('a host that says almost nothing is still read, so that it can be refused by name', () => {
  const state = parseHost(
    say([
      ['clock', '1000200'],
      ['os-release', 'ID=alpine\nVERSION_ID=3.22.0\n'],
    ]),
    timing,
  );
  expect(state).toMatchObject({
    system: { id: 'alpine', version: '3.22.0', name: '' },
    systemd: false,
    packages: {},
    kernel: { ipvs: 'unknown', overlay: 'unknown', vxlan: 'unknown' },
  });
});

test('a baseline that was cut short counts as none', () => {
  const half = renderBaseline(makeBaseline('test', makeBareHost())).slice(0, 40);
  expect(parseHost(say([[`file ${baselinePath} 600 root:root`, half]]), timing).baseline).toBeUndefined();
});

test('the script reads this very machine', () => {
  const output = execFileSync('sh', ['-s'], { input: observeScript, encoding: 'utf8' });
  const state = parseHost(output, { startedAtMs: Date.now(), endedAtMs: Date.now() });
  expect(state.hostname).not.toBe('');
  expect(readText(state.files['/etc/hosts'])).toContain('localhost');
  expect(state.sysctl['net.ipv4.ip_forward']).toMatch(/^[01]$/);
  expect(Math.abs(state.clock.offsetMs)).toBeLessThan(60_000);
  expect(output.match(/^clock /gm)).toHaveLength(2);
});

test.each([
  [
    'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"',
    'debian 12 Debian GNU/Linux 12 (bookworm)',
  ],
  ["ID='ubuntu'\nVERSION_ID='22.04'\n", 'ubuntu 22.04 '],
  ['PRETTY_NAME="Debian GNU/Linux forky/sid"\nID=debian\n', 'debian  Debian GNU/Linux forky/sid'],
  ['', '  '],
])('os-release %#', (text, expected) => {
  const { id, version, name } = parseOsRelease(text);
  expect(`${id} ${version} ${name}`).toBe(expected);
});

test.each<[string, number[], object]>([
  ['once, somewhere in the run', [1200], { offsetMs: -800, uncertaintyMs: 1000 }],
  ['at both ends of a run that took long there', [1200, 2900], { offsetMs: 50, uncertaintyMs: 150 }],
  ['at both ends, 5 s ahead', [6200, 7900], { offsetMs: 5050, uncertaintyMs: 150 }],
  ['at both ends, running fast', [1200, 3600], { offsetMs: 400, uncertaintyMs: 0 }],
])('a clock is compared that was read %s', (_, hostMs, clock) => {
  expect(compareClocks(hostMs, { startedAtMs: 1000, endedAtMs: 3000 })).toEqual(clock);
});

test('only what is new counts as brought: upgrades were there before', () => {
  const simulation = `Inst runc (1.1.15+ds1-2+b4 Debian:13.0/stable [amd64])
Inst libc6 [2.41-11] (2.41-12 Debian:13.0/stable [amd64])
Inst foo:i386 (1.0 Debian [i386])
Conf runc (1.1.15+ds1-2+b4 Debian:13.0/stable [amd64])
`;
  expect(parseNewPackages(simulation)).toEqual(['runc', 'foo:i386']);
  expect(parseRemovedPackages('Remv htop [3.4]\nPurg runc [1.1]\nInst x (1)\n')).toEqual(['htop', 'runc']);
});

test('nodes without IPVS are named, those that cannot tell are not', () => {
  const kernel = { overlay: 'present', vxlan: 'present' } as const;
  const observed = observe({
    a: makeBareHost({ kernel: { ...kernel, ipvs: 'missing' } }),
    b: makeBareHost({ kernel: { ...kernel, ipvs: 'unknown' } }),
    c: makeBareHost(),
    d: { kind: 'unreachable', error: new Error('gone') },
  });
  expect(findNodesWithoutIpvs(observed)).toEqual(['a']);
});
