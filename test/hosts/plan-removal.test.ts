import { describe, expect, test } from 'vitest';
import { makeBaseline } from '../../src/hosts/baseline.ts';
import type { HostState } from '../../src/hosts/host-state.ts';
import { sysctlPath } from '../../src/hosts/paths.ts';
import { planHostsRemoval } from '../../src/hosts/plan-removal.ts';
import { makeBareHost, makeCluster, makeFile, makeNode, makeReadyHost, observe } from './states.ts';

const balancer = makeNode('lb', '198.18.0.11', 'balancer');
const worker = makeNode('w', '198.18.0.14', 'worker');
const cluster = makeCluster([balancer, worker]);
const readyWorker = makeReadyHost(cluster, worker);
const readyBalancer = makeReadyHost(cluster, balancer);

const planWorker = (state: HostState, volumes = false) =>
  planHostsRemoval(makeCluster([worker]), observe({ w: state }), { volumes });
const planBalancer = (state: HostState) =>
  planHostsRemoval(makeCluster([balancer]), observe({ lb: state }), { volumes: true });

test('a host without a baseline is left alone', () => {
  expect(planWorker(makeBareHost(), true)).toEqual({
    layer: 'hosts',
    changes: [],
    unchanged: 1,
    warnings: [],
  });
});

test('a worker goes back step by step, and its data goes with volumes', () => {
  const plan = planWorker(readyWorker, true);
  expect(plan.changes.map(({ id, after, action }) => ({ id, after, action }))).toEqual([
    {
      id: 'w/packages',
      after: [],
      action: {
        host: 'w',
        type: 'remove-packages',
        packages: ['docker.io', 'runc'],
        purge: ['docker.io', 'runc'],
        engine: true,
      },
    },
    {
      id: 'w/sysctl',
      after: ['w/packages'],
      action: {
        host: 'w',
        type: 'restore-sysctl',
        settings: { 'net.core.somaxconn': '4096', 'net.ipv4.ip_forward': '0' },
      },
    },
    {
      id: 'w/files',
      after: ['w/sysctl'],
      action: {
        host: 'w',
        type: 'restore-files',
        paths: ['/etc/hosts', sysctlPath, '/etc/systemd/system/docker.service.d/kawanan.conf'],
        restartServices: [],
      },
    },
    {
      id: 'w/hostname',
      after: ['w/files'],
      action: { host: 'w', type: 'restore-hostname', restartEngine: false },
    },
    {
      id: 'w/data',
      after: ['w/packages', 'w/sysctl', 'w/files', 'w/hostname'],
      action: { host: 'w', type: 'delete-data', folders: ['/var/lib/docker'] },
    },
    {
      id: 'w/baseline',
      after: ['w/packages', 'w/sysctl', 'w/files', 'w/hostname', 'w/data'],
      action: { host: 'w', type: 'forget-host', keepOwnFolder: false },
    },
  ]);
});

test('without volumes the data stays, is named, and the baseline stays beside it', () => {
  const plan = planWorker(readyWorker);
  expect(plan.changes.map(({ id }) => id)).not.toContain('w/data');
  expect(plan.changes.at(-1)?.action).toEqual({ host: 'w', type: 'forget-host', keepOwnFolder: true });
  expect(plan.warnings).toEqual([
    'w: /var/lib/docker stays with its volumes and images; kawanan down --volumes removes it',
  ]);
});

describe('after a removal that kept the data', () => {
  const left = makeBareHost({
    baseline: makeBaseline('test', makeBareHost()),
    folders: { '/var/lib/docker': 'filled' },
  });
  test('another one finds nothing to do', () => {
    expect(planWorker(left).changes).toEqual([]);
  });
  test('one with volumes removes it and the baseline', () => {
    expect(planWorker(left, true).changes.map(({ id }) => id)).toEqual(['w/data', 'w/baseline']);
  });
});

test('data that was there before the cluster stays, even with volumes', () => {
  const baseline = makeBaseline('test', makeBareHost({ folders: { '/var/lib/docker': 'filled' } }));
  const plan = planWorker({ ...readyWorker, baseline }, true);
  expect(plan.changes.map(({ id }) => id)).not.toContain('w/data');
  expect(plan.warnings).toEqual(['w: /var/lib/docker held data before the cluster came and stays']);
});

test('an engine that was there before stays, restarts without our settings, and keeps its data', () => {
  const before = makeBareHost({
    packages: { 'docker.io': 'installed', runc: 'installed' },
    services: { 'docker.service': { load: 'loaded', active: 'active', enabled: 'enabled' } },
  });
  const plan = planWorker(
    { ...readyWorker, baseline: makeBaseline('test', before), brought: [], hostname: 'theirs' },
    true,
  );
  expect(plan.changes.map(({ id, interrupts }) => ({ id, interrupts }))).toEqual([
    { id: 'w/sysctl', interrupts: undefined },
    { id: 'w/files', interrupts: 'the engine of w restarts, and its containers with it' },
    { id: 'w/baseline', interrupts: undefined },
  ]);
});

describe('packages that stay', () => {
  const packagesOf = (state: HostState): unknown => {
    const action = planBalancer(state).changes.find(({ id }) => id === 'lb/packages')?.action;
    return action?.type === 'remove-packages'
      ? { packages: action.packages, purge: action.purge }
      : undefined;
  };
  test('those that were there before', () => {
    const baseline = makeBaseline('test', makeBareHost({ packages: { haproxy: 'installed' } }));
    expect(packagesOf({ ...readyBalancer, baseline })).toEqual({
      packages: ['keepalived', 'nftables', 'perl'],
      purge: ['keepalived', 'nftables', 'perl'],
    });
  });
  test('those that the user installed since', () => {
    const packages = { ...readyBalancer.packages, htop: 'installed' };
    expect(packagesOf({ ...readyBalancer, packages })).toMatchObject({
      packages: ['haproxy', 'keepalived', 'nftables', 'perl'],
    });
  });
  test('the configuration of one that had been removed before', () => {
    const baseline = makeBaseline('test', makeBareHost({ packages: { haproxy: 'config-files' } }));
    expect(packagesOf({ ...readyBalancer, baseline })).toEqual({
      packages: ['haproxy', 'keepalived', 'nftables', 'perl'],
      purge: ['keepalived', 'nftables', 'perl'],
    });
  });
  test('none, where a removal was cut short in the middle', () => {
    const packages = { haproxy: 'config-files', keepalived: 'half-installed' };
    expect(packagesOf({ ...readyBalancer, packages })).toMatchObject({ packages: ['haproxy', 'keepalived'] });
  });
});

test("a user's own configuration of HAProxy comes back, and his service with it", () => {
  const unit = { load: 'loaded', active: 'active', enabled: 'enabled' };
  const before = makeBareHost({
    packages: { haproxy: 'installed', keepalived: 'installed', nftables: 'installed', perl: 'installed' },
    files: { ...makeBareHost().files, '/etc/haproxy/haproxy.cfg': makeFile('global\n') },
    services: { 'haproxy.service': unit },
  });
  const now: HostState = {
    ...readyBalancer,
    baseline: makeBaseline('test', before),
    files: { ...readyBalancer.files, '/etc/haproxy/haproxy.cfg': makeFile('# ours\n') },
    services: { 'haproxy.service': { ...unit, active: 'inactive', enabled: 'disabled' } },
  };
  const actions = planBalancer(now).changes.map(({ action }) => action);
  expect(actions).toContainEqual({
    host: 'lb',
    type: 'restore-files',
    paths: ['/etc/hosts', sysctlPath, '/etc/haproxy/haproxy.cfg'],
    restartServices: [],
  });
  expect(actions).toContainEqual({
    host: 'lb',
    type: 'restore-services',
    services: [{ unit: 'haproxy.service', enabled: true, active: true }],
  });
});

test('what the baseline did not look for, as an older kawanan would not have, is not touched', () => {
  const baseline = makeBaseline('test', makeBareHost());
  delete baseline.files['/etc/nftables.conf'];
  delete baseline.folders['/var/lib/docker'];
  const now = {
    ...readyWorker,
    baseline,
    files: { ...readyWorker.files, '/etc/nftables.conf': makeFile('theirs') },
  };
  const plan = JSON.stringify(planWorker(now, true));
  expect(plan).not.toContain('nftables');
  expect(plan).not.toContain('/var/lib/docker');
});

test('no action carries a file of the user through the plan', () => {
  const before = makeBareHost({ files: { '/etc/haproxy/haproxy.cfg': makeFile('password hunter2') } });
  const plan = planBalancer({ ...readyBalancer, baseline: makeBaseline('test', before) });
  expect(JSON.stringify(plan)).not.toContain(Buffer.from('password hunter2').toString('base64'));
  expect(JSON.stringify(plan)).not.toContain('hunter2');
});

test('a name that somebody gave the host since then is left to them', () => {
  expect(planWorker({ ...readyWorker, hostname: 'renamed' }).changes.map(({ id }) => id)).not.toContain(
    'w/hostname',
  );
});
