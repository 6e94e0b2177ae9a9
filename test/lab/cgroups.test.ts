import { expect, test } from 'vitest';
import { nodeGroup, parseCgroupLayout, reclaimableBytes } from '../../src/lab/cgroups.ts';
import { labNodes } from '../../src/lab/lab.ts';

test('version 1: every tree is entered, and the freezer found whatever it is mounted with', () => {
  const mounts = `20 1 254:0 / / rw - ext4 /dev/vda rw
30 20 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,size=4096k
31 30 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
32 30 0:34 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer
33 30 0:35 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
34 30 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
35 30 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`;
  expect(parseCgroupLayout(mounts)).toEqual({
    version: 1,
    freezer: '/sys/fs/cgroup/freezer',
    memory: '/sys/fs/cgroup/memory',
    trees: ['cpu,cpuacct', 'freezer', 'memory', 'systemd', 'unified'].map((name) => `/sys/fs/cgroup/${name}`),
  });
});

test('version 2: one tree for all', () => {
  const mounts = '30 20 0:28 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n';
  const root = '/sys/fs/cgroup';
  expect(parseCgroupLayout(mounts)).toEqual({ version: 2, freezer: root, memory: root, trees: [root] });
});

test('no control groups: said so', () => {
  expect(() => parseCgroupLayout('20 1 254:0 / / rw - ext4 /dev/vda rw\n')).toThrow(
    'control groups are not mounted',
  );
});

test('each machine of each lab has its own group', () => {
  expect(nodeGroup('/sys/fs/cgroup/freezer', { id: '0a1b2c3d' }, labNodes[2]!)).toBe(
    '/sys/fs/cgroup/freezer/kawanan/0a1b2c3d/n3',
  );
});

test.each([
  ['version 1', 'cache 1\nshmem 0\ntotal_cache 5000\ntotal_rss 7000\ntotal_shmem 1200\n', 3800],
  ['version 2', 'anon 7000\nfile 5000\nkernel 10\nshmem 1200\nfile_mapped 3\n', 3800],
  ['nothing counted', '', 0],
])('cached files are told from memory in use: %s', (_name, stat, expected) => {
  expect(reclaimableBytes(stat)).toBe(expected);
});
