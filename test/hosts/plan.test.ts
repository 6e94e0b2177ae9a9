import { describe, expect, test } from 'vitest';
import { CombinedError, InputError, UserError } from '../../src/errors.ts';
import type { HostState } from '../../src/hosts/host-state.ts';
import { engineConfigPath, engineDropInPath, hostsPath, sysctlPath } from '../../src/hosts/paths.ts';
import { planHosts } from '../../src/hosts/plan.ts';
import { orderChanges } from '../../src/plan/run-changes.ts';
import { makeBareHost, makeCluster, makeFile, makeNode, makeReadyHost, observe } from './states.ts';

const balancer = makeNode('lb', '198.18.0.11', 'balancer');
const manager = makeNode('m', '198.18.0.13', 'manager');
const worker = makeNode('w', '198.18.0.14', 'worker');
const cluster = makeCluster([balancer, manager, worker]);

const ready = {
  lb: makeReadyHost(cluster, balancer),
  m: makeReadyHost(cluster, manager),
  w: makeReadyHost(cluster, worker),
};

/** Ids of what is planned when one host differs from a ready one. */
function planWith(name: keyof typeof ready, extra: Partial<HostState>) {
  return planHosts(cluster, observe({ ...ready, [name]: { ...ready[name], ...extra } }));
}

const ids = (plan: { changes: { id: string }[] }): string[] => plan.changes.map(({ id }) => id);

test('hosts that are ready need nothing', () => {
  const plan = planHosts(cluster, observe(ready));
  expect(plan).toEqual({ layer: 'hosts', changes: [], unchanged: 19, warnings: [] });
});

test('a bare host gets its baseline first, its settings next, and its packages last', () => {
  const plan = planHosts(cluster, observe({ ...ready, lb: makeBareHost(), m: makeBareHost() }));
  expect(plan.changes.map(({ id, kind, title, after }) => ({ id, kind, title, after }))).toEqual([
    {
      id: 'lb/baseline',
      kind: 'create',
      title: 'record what the host is like before the first change',
      after: [],
    },
    { id: 'lb/sysctl', kind: 'create', title: 'set kernel parameters', after: ['lb/baseline'] },
    { id: 'lb/hosts-file', kind: 'update', title: 'write the names of all nodes', after: ['lb/baseline'] },
    {
      id: 'lb/hostname',
      kind: 'update',
      title: 'set the host name',
      after: ['lb/hosts-file', 'lb/baseline'],
    },
    {
      id: 'lb/packages',
      kind: 'create',
      title: 'install haproxy, keepalived, nftables',
      after: ['lb/baseline', 'lb/sysctl', 'lb/hosts-file', 'lb/hostname'],
    },
    {
      id: 'm/baseline',
      kind: 'create',
      title: 'record what the host is like before the first change',
      after: [],
    },
    { id: 'm/sysctl', kind: 'create', title: 'set kernel parameters', after: ['m/baseline'] },
    { id: 'm/hosts-file', kind: 'update', title: 'write the names of all nodes', after: ['m/baseline'] },
    { id: 'm/hostname', kind: 'update', title: 'set the host name', after: ['m/hosts-file', 'm/baseline'] },
    {
      id: 'm/engine-settings',
      kind: 'create',
      title: 'let the engine start tasks from the images that are on its node',
      after: ['m/baseline'],
    },
    {
      id: 'm/packages',
      kind: 'create',
      title: 'install docker.io',
      after: ['m/baseline', 'm/sysctl', 'm/hosts-file', 'm/hostname', 'm/engine-settings'],
    },
  ]);
});

describe('one thing that differs is the one thing that is changed', () => {
  const without = (path: string) => ({
    files: Object.fromEntries(Object.entries(ready.w.files).filter(([name]) => name !== path)),
  });
  const withFile = (path: string, text: string) => ({ files: { ...ready.w.files, [path]: makeFile(text) } });
  const table: [string, Partial<HostState>, string[]][] = [
    ['another host name', { hostname: 'other' }, ['w/hostname']],
    ['another name at the next boot', withFile('/etc/hostname', 'other\n'), ['w/hostname']],
    ['no kernel settings', without(sysctlPath), ['w/sysctl']],
    [
      'a kernel value somebody changed',
      { sysctl: { ...ready.w.sysctl, 'net.ipv4.ip_forward': '0' } },
      ['w/sysctl'],
    ],
    ['a kernel without the key', { sysctl: {} }, []],
    ['no names of nodes', withFile(hostsPath, '127.0.0.1 localhost\n'), ['w/hosts-file']],
    ['no drop-in of the engine', without(engineDropInPath), ['w/engine-settings']],
    ['an engine started before its drop-in', { engineEnvironment: [] }, ['w/engine-settings']],
    ['no engine', { packages: {}, services: {} }, ['w/packages']],
    [
      'an engine half installed',
      { packages: { 'docker.io': 'half-configured' } },
      ['w/package-repair', 'w/packages'],
    ],
    [
      'a library half installed',
      { packages: { ...ready.w.packages, runc: 'unpacked' } },
      ['w/package-repair'],
    ],
    ['dpkg cut short between two packages', { dpkgInterrupted: true }, ['w/package-repair']],
    [
      'an engine that was stopped',
      { services: { 'docker.service': { load: 'loaded', active: 'failed', enabled: 'enabled' } } },
      ['w/engine'],
    ],
    [
      'an engine that would not start at boot',
      { services: { 'docker.service': { load: 'loaded', active: 'active', enabled: 'disabled' } } },
      ['w/engine'],
    ],
    ['AppArmor enforced without its tools', { apparmor: true }, ['w/packages']],
    ['docker-ce in the place of docker.io', { packages: { 'docker-ce': 'installed' } }, []],
    ['an engine that came without a package', { packages: {} }, []],
  ];
  test.each(table)('%s', (_, extra, expected) => {
    expect(ids(planWith('w', extra))).toEqual(expected);
  });
});

test('packages wait for the repair of those before them', () => {
  const plan = planWith('w', { packages: { 'docker.io': 'half-configured' } });
  expect(plan.changes.at(-1)?.after).toEqual(['w/package-repair']);
});

test('running engines restart one after the other, and the plan says what that interrupts', () => {
  const plan = planHosts(
    cluster,
    observe({
      ...ready,
      m: { ...ready.m, engineEnvironment: [] },
      w: { ...ready.w, hostname: 'old', engineEnvironment: [] },
    }),
  );
  expect(orderChanges(plan.changes).map(({ id, after, interrupts }) => ({ id, after, interrupts }))).toEqual([
    {
      id: 'm/engine-settings',
      after: [],
      interrupts: 'the engine of m restarts, and its containers with it',
    },
    {
      id: 'w/hostname',
      after: ['m/engine-settings'],
      interrupts: 'the engine of w restarts, and its containers with it',
    },
    {
      id: 'w/engine-settings',
      after: ['w/hostname'],
      interrupts: 'the engine of w restarts, and its containers with it',
    },
  ]);
});

describe('hosts that kawanan does not know are refused by name', () => {
  const table: [string, Partial<HostState>, string][] = [
    [
      'another distribution',
      { system: { id: 'fedora', version: '41', name: 'Fedora Linux 41 (Server Edition)' } },
      'Fedora Linux 41 (Server Edition) is not supported',
    ],
    [
      'an old release',
      { system: { id: 'ubuntu', version: '20.04', name: 'Ubuntu 20.04.6 LTS' } },
      'Ubuntu 20.04.6 LTS is not supported',
    ],
    [
      'Debian testing',
      { system: { id: 'debian', version: '', name: 'Debian GNU/Linux forky/sid' } },
      'Debian GNU/Linux forky/sid (no version: testing or unstable) is not supported',
    ],
    [
      'no os-release',
      { system: { id: '', version: '', name: '' } },
      'a system without /etc/os-release is not supported',
    ],
    ['another architecture', { architecture: 'i386' }, 'the architecture i386 is not supported'],
    ['no systemd', { systemd: false }, 'systemd does not run this machine'],
    [
      'an engine that keeps containers over restarts',
      { files: { [engineConfigPath]: makeFile('{"live-restore": true}') } },
      '/etc/docker/daemon.json sets "live-restore", and such an engine joins no swarm',
    ],
    [
      'a broken daemon.json',
      { files: { [engineConfigPath]: makeFile('{') } },
      '/etc/docker/daemon.json is not JSON',
    ],
  ];
  test.each(table)('%s', (_, extra, message) => {
    const run = () => planWith('w', extra);
    expect(run).toThrow(InputError);
    expect(run).toThrow(message);
  });

  test('all of them at once, with the list of what is supported', () => {
    const alien = makeBareHost({ system: { id: 'arch', version: '', name: 'Arch Linux' } });
    try {
      planHosts(cluster, observe({ lb: alien, m: ready.m, w: alien }));
      expect.unreachable();
    } catch (error) {
      expect((error as InputError).problems).toEqual(
        ['lb', 'w'].map((host) => ({
          host,
          message: 'Arch Linux is not supported',
          next: 'supported: Debian 12, 13; Ubuntu 22.04, 24.04',
        })),
      );
    }
  });

  test.each(['22.04', '24.04'])('Ubuntu %s is known', (version) => {
    expect(planWith('w', { system: { id: 'ubuntu', version, name: `Ubuntu ${version}` } }).changes).toEqual(
      [],
    );
  });
});

describe('a host that cannot be reached', () => {
  const gone = { kind: 'unreachable', error: new UserError('no answer') } as const;
  test('ends the plan with its own error', () => {
    expect(() => planHosts(cluster, observe({ ...ready, w: gone }))).toThrow(gone.error);
  });
  test('and two of them with both', () => {
    expect(() => planHosts(cluster, observe({ ...ready, w: gone, m: gone }))).toThrow(CombinedError);
  });
  test('is bad input when all of them are', () => {
    const refused = {
      kind: 'unreachable',
      error: new InputError({ message: 'the key is refused' }),
    } as const;
    try {
      planHosts(cluster, observe({ lb: refused, m: refused, w: refused }));
      expect.unreachable();
    } catch (error) {
      expect((error as UserError).exitCode).toBe(2);
    }
  });
  test('is left out with a warning when told so', () => {
    const plan = planHosts(cluster, observe({ ...ready, w: gone }), { unreachable: 'skip' });
    expect(plan.warnings).toEqual(["w can't be reached and is left as it is"]);
  });
  test('ends the plan all the same when no other is left', () => {
    const run = () => planHosts(cluster, observe({ lb: gone, m: gone, w: gone }), { unreachable: 'skip' });
    expect(run).toThrow("3 hosts can't be reached");
  });
});

test('the layers above are told which swarm nodes have no IPVS; a balancer needs none', () => {
  const kernel = { ipvs: 'missing', overlay: 'present', vxlan: 'present' } as const;
  expect(planWith('w', { kernel }).nodesWithoutIpvs).toEqual(['w']);
  expect(planWith('lb', { kernel }).nodesWithoutIpvs).toBeUndefined();
});

describe('what changes nothing is warned of', () => {
  const noClock = { 'docker.service': ready.w.services['docker.service']! };
  const somaxconn = { sysctl: { ...ready.w.sysctl, 'net.core.somaxconn': '4096' } };
  const table: [string, Partial<HostState>, string[]][] = [
    [
      'nothing keeps the clock right',
      { services: noClock },
      ['w: nothing keeps its clock right; on it: apt-get install systemd-timesyncd'],
    ],
    ['a container has the clock of its machine', { services: noClock, container: 'lxc' }, []],
    [
      'a kernel value that a container may not set',
      { ...somaxconn, container: 'lxc' },
      ['w: net.core.somaxconn stays 4096: it belongs to the machine around this container'],
    ],
    [
      'a kernel without overlay networks',
      { kernel: { ipvs: 'missing', overlay: 'present', vxlan: 'missing' } },
      ['w: its kernel has no vxlan, which swarm networks and images need'],
    ],
    [
      'packages of a former role',
      { brought: ['haproxy'], packages: { ...ready.w.packages, haproxy: 'installed' } },
      ['w: haproxy was installed for another role or engine; it stays until kawanan down'],
    ],
    [
      'clocks apart',
      { clock: { offsetMs: 2500, uncertaintyMs: 30 } },
      ['the clocks of lb and w are 2.5 s apart; on both: timedatectl set-ntp true'],
    ],
    [
      'clocks that may be apart, read too slowly to tell',
      { clock: { offsetMs: 2500, uncertaintyMs: 1600 } },
      [],
    ],
  ];
  test.each(table)('%s', (_, extra, warnings) => {
    const plan = planWith('w', extra);
    expect({ changes: plan.changes, warnings: plan.warnings }).toEqual({ changes: [], warnings });
  });
});
