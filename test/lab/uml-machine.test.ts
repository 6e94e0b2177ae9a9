import { expect, test } from 'vitest';
import { findLab, labNetwork, labNodes } from '../../src/lab/lab.ts';
import {
  hardwareAddress,
  renderUmlNodeFiles,
  umlImageFiles,
  umlImageLinks,
} from '../../src/lab/uml-files.ts';
import { lastWords, umlBootWords } from '../../src/lab/uml-machine.ts';

const lab = { ...findLab({ cwd: '/', env: {}, stateDir: '/checkout/.kawanan/lab' }), id: '0a1b2c3d' };
const machine = { ...lab, machinesDir: '/var/lib/kawanan/0a1b2c3d' };
const manager = labNodes[2]!;

test('a kernel of its own is started in its groups, with its disk, its cable and its share of this computer’s files', () => {
  const options = { lab: machine, node: manager, lowerDir: '/cache/root', imageDir: '/cache/uml' };
  const words = umlBootWords(options, ['/f/a/cgroup.procs', '/f/b/cgroup.procs']);
  const dir = '/var/lib/kawanan/0a1b2c3d/nodes/vm-dockerswarmmanager';
  expect(words.filter((word) => !word.includes('\n'))).toEqual([
    ...['sh', '-c', 'sh', '/f/a/cgroup.procs', '/f/b/cgroup.procs', '--'],
    ...['sh', '-c', 'sh', '/cache/root', `${dir}/root`, dir, '/cache/uml'],
    '/srv/linux.uml',
    'mem=2048M',
    'ubd0=/mnt/disk.cow,/srv/disk.img',
    'root=/dev/ubda',
    'rootfstype=ext4',
    'rw',
    'rootflags=nobarrier,noinit_itable',
    'vec0:transport=tap,ifname=vb-k0a1b2c3dn3,depth=128,gro=1,mac=02:0a:1b:2c:3d:03',
    'hostfs=/mnt/upper',
    'con0=null,fd:1',
    'con=null',
    'ssl=null',
    'loglevel=4',
    'lsm=capability',
    'uml_dir=/tmp/',
    'init=/usr/local/sbin/lab-init',
  ]);
});

test('hardware addresses are locally administered, and differ from machine to machine and from lab to lab', () => {
  const all = ['0a1b2c3d', '0a1b2c3e'].flatMap((id) => labNodes.map((node) => hardwareAddress(id, node)));
  expect(new Set(all).size).toBe(all.length);
  for (const one of all) expect(one).toMatch(/^02(:[0-9a-f]{2}){5}$/);
});

test('a machine’s network is made before its first program runs, under the name it has in a container', () => {
  expect(renderUmlNodeFiles(manager, labNetwork(3))).toEqual([
    {
      path: '/etc/lab/network',
      content: [
        'link set dev vec0 name host0',
        'address add 198.18.3.13/24 dev host0',
        'link set dev host0 up',
        'route add default via 198.18.3.1',
        '',
      ].join('\n'),
      mode: 0o644,
    },
  ]);
});

test('what the image starts is in the image', () => {
  const files = umlImageFiles();
  const init = files.find(({ path }) => path === '/usr/local/sbin/lab-init')!;
  expect(init.mode).toBe(0o755);
  for (const [link, target] of Object.entries(umlImageLinks())) {
    if (target !== '/dev/null')
      expect([link, files.some(({ path }) => path === target)]).toEqual([link, true]);
  }
});

test('of what a kernel says when it panics, the cause is kept and the trace is not', () => {
  const trace = Array.from({ length: 20 }, (_, line) => ` [<6071961${line}>] ? _printk+0x0/0x45`);
  const printed = [
    '[\u001B[0;32m  OK  \u001B[0m] Mounted.',
    'Kernel panic - not syncing: VFS',
    'Call Trace:',
    ...trace,
    ' 00000002 60883ea3 70c9bd20',
  ];
  expect(lastWords(`${printed.join('\n')}\n`, 3)).toEqual([
    '[  OK  ] Mounted.',
    'Kernel panic - not syncing: VFS',
    'Call Trace:',
  ]);
});
