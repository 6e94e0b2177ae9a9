import { describe, expect, test } from 'vitest';
import type { CgroupLayout } from '../../src/lab/cgroups.ts';
import { findLab, labNetwork, labNodes } from '../../src/lab/lab.ts';
import { bootWords, isLeader } from '../../src/lab/machine.ts';

const lab = findLab({ cwd: '/', env: {}, stateDir: '/checkout/.kawanan/lab' });
const dir = `/var/lib/kawanan/${lab.id}/nodes/vm-dockerswarmmanager`;
const boot = (version: 1 | 2): string[] => {
  const layout: CgroupLayout = { version, freezer: '/f', memory: undefined, trees: ['/f'] };
  const options = {
    lab,
    node: labNodes[2]!,
    network: labNetwork(0),
    lowerDir: '/cache/trixie-1/root',
    layout,
  };
  return bootWords(options, ['/f/a/cgroup.procs', '/f/b/cgroup.procs']);
};

test('a machine is started in its groups, on its disk, with its name', () => {
  const words = boot(1);
  expect(words.slice(0, 6)).toEqual(['unshare', '--mount', '--propagation', 'slave', 'sh', '-c']);
  expect(words.slice(7)).toEqual([
    'sh',
    `lowerdir=/cache/trixie-1/root,upperdir=${dir}/upper,workdir=${dir}/work`,
    `${dir}/root`,
    '/f/a/cgroup.procs',
    '/f/b/cgroup.procs',
    '--',
    'systemd-nspawn',
    '--register=no',
    '--keep-unit',
    '--quiet',
    `--directory=${dir}/root`,
    `--machine=k${lab.id}n3`,
    '--hostname=vm-dockerswarmmanager',
    '--capability=all',
    '--system-call-filter=@keyring bpf @mount @privileged add_key keyctl',
    `--bind=${dir}/docker:/var/lib/docker`,
    `--network-bridge=kwn-${lab.id}`,
    '--resolv-conf=off',
    '--timezone=off',
    '--link-journal=no',
    '--boot',
    '--console=passive',
    'systemd.unified_cgroup_hierarchy=0',
    'SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1',
  ]);
});

test('with control groups of version 2 its systemd isn’t forced back to version 1', () => {
  expect(boot(2).at(-1)).toBe('--console=passive');
});

describe('the first process of a machine', () => {
  test.each([
    ['is number 1 one namespace below ours', 'Name:\tsystemd\nNSpid:\t4711\t1\n', true],
    ['not another process of the machine', 'NSpid:\t4712\t52\n', false],
    ['not the first process of a container inside it', 'NSpid:\t4713\t90\t1\n', false],
    ['not a process of this computer', 'NSpid:\t1\n', false],
    ['not a process that has ended', '', false],
  ])('%s', (_name, status, expected) => {
    expect(isLeader(status)).toBe(expected);
  });
});
