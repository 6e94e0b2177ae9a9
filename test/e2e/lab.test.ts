import { access, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findNode, labNodes, linkName } from '../../src/lab/lab.ts';
import { isClean, listResidue } from '../../src/lab/residue.ts';
import { runLocal } from '../../src/lab/run-local.ts';
import { greets, makeTestLab, nothing, type TestLab } from './support/test-lab.ts';

// Labs of their own, in folders of their own: a lab of this checkout goes on beside them, and it is not touched.
let first: TestLab;
let second: TestLab;

beforeAll(async () => {
  first = await makeTestLab();
  second = await makeTestLab();
});

afterAll(async () => {
  for (const one of [first, second]) {
    await one.kawanan('down');
    await rm(one.checkout, { recursive: true, force: true });
  }
});

test('up makes five bare machines that answer to the names, addresses and keys of the cluster file', async () => {
  const up = await first.must('up');
  expect(up.stdout).toContain('lab is up');
  const cluster = await first.cluster();
  expect(Object.keys(cluster.nodes)).toEqual(labNodes.map((node) => node.name));
  const facts = await Promise.all(
    labNodes.map(async ({ name }) =>
      (
        await first.ssh(
          name,
          'hostname; cat /etc/machine-id; systemctl is-system-running; command -v dockerd haproxy keepalived; systemd-detect-virt --container',
        )
      ).split('\n'),
    ),
  );
  expect(facts.map(([name]) => name)).toEqual(labNodes.map((node) => node.name));
  expect(new Set(facts.map(([, id]) => id)).size).toBe(5);
  // Nothing between the state and the kind of container: no engine, no balancer is there.
  for (const [, , ...rest] of facts) expect(rest).toEqual(['running', 'systemd-nspawn', '']);
});

test('up again does nothing', async () => {
  const before = await Promise.all(labNodes.map(({ name }) => first.bootId(name)));
  const again = await first.kawanan('up');
  expect(again).toMatchObject({ exitCode: 0, stderr: '' });
  expect(again.stdout).toContain('nothing to do');
  expect(await Promise.all(labNodes.map(({ name }) => first.bootId(name)))).toEqual(before);
});

test('machines fetch packages without downloading what up has fetched', async () => {
  const output = await first.ssh(
    'vm-loadbalancer1',
    'apt-get update -qq && apt-get install -s haproxy >/dev/null && apt-get install -y --print-uris docker.io haproxy keepalived | grep -c ^.http || true',
  );
  expect(output.trim()).toBe('0');
});

test('two labs don’t tread on each other: another subnet, nothing shared, one goes and the other stays', async () => {
  await second.must('up');
  const subnets = await Promise.all([first, second].map(async (one) => (await one.status()).subnet));
  expect(new Set(subnets).size).toBe(2);
  await second.must('down');
  expect(await second.leftovers(subnets[1]!)).toEqual(nothing);
  expect((await first.status()).state).toBe('up');
  expect(await first.ssh('vm-loadbalancer1', 'hostname')).toBe('vm-loadbalancer1\n');
});

test('kill is a power failure: not even a goodbye is sent, and the disk is there after start', async () => {
  const node = 'vm-dockerswarmworker1';
  await first.ssh(node, 'echo kept > /root/kept; sync');
  const bootId = await first.bootId(node);
  const open = await openStream(await first.address(node), 22);
  await first.must('kill', node);
  expect(await first.power(node)).toBe('off');
  await sleep(500);
  expect(open.ended).toBe(false);
  open.socket.destroy();
  expect(await greets(await first.address(node))).toBe(false);
  expect((await first.status()).state).toBe('partial');

  await first.must('start', node);
  expect(await first.ssh(node, 'cat /root/kept')).toBe('kept\n');
  expect(await first.bootId(node)).not.toBe(bootId);
  expect((await first.status()).state).toBe('up');
});

test('pause freezes a machine and resume lets it go on as if nothing had been', async () => {
  const node = 'vm-loadbalancer2';
  const bootId = await first.bootId(node);
  await first.must('pause', node);
  expect(await first.power(node)).toBe('paused');
  expect(await greets(await first.address(node))).toBe(false);
  await first.must('resume', node);
  expect(await first.power(node)).toBe('running');
  expect(await first.bootId(node)).toBe(bootId);
});

test('a paused machine can be killed, and starts again thawed', async () => {
  const node = 'vm-loadbalancer2';
  await first.kawanan('pause', node);
  await first.must('kill', node);
  expect(await first.power(node)).toBe('off');
  await first.must('start', node);
  expect(await first.power(node)).toBe('running');
});

test.each([
  { how: 'the cable pulled', options: [], carrier: '0' },
  { how: 'packets lost and the link up', options: ['--silent'], carrier: '1' },
])('cut takes the network away both ways ($how), heal gives it back', async ({ options, carrier }) => {
  const node = 'vm-dockerswarmworker2';
  const [address, peer] = [await first.address(node), await first.address('vm-loadbalancer1')];
  await first.must('cut', ...options, node);
  expect((await first.node(node)).cable).toBe('cut');
  expect(await greets(address)).toBe(false);
  const inside = `cat /sys/class/net/host0/carrier; ping -c 1 -W 1 ${peer} >/dev/null && echo reached; ip -4 -o addr show host0 | grep -c ${address}`;
  expect(await first.inside(node, inside)).toBe(`${carrier}\n1\n`);
  expect(
    await first.ssh('vm-loadbalancer1', `ping -c 1 -W 1 ${address} >/dev/null && echo reached; true`),
  ).toBe('');

  await first.must('heal', node);
  expect((await first.node(node)).cable).toBe('plugged');
  // More than one: the first can join an address resolution that began while the machine was cut off, and fail with it.
  expect(await first.ssh(node, `ping -c 4 -W 5 ${peer} >/dev/null && echo reached`)).toBe('reached\n');
});

test('up mends whatever was broken: a machine off, one paused, one cut, one without a cable', async () => {
  await first.kawanan('kill', 'vm-loadbalancer1');
  await first.kawanan('pause', 'vm-loadbalancer2');
  await first.kawanan('cut', 'vm-dockerswarmworker1');
  const cable = linkName({ id: first.id }, findNode('vm-dockerswarmworker2'));
  await runLocal('ip', ['link', 'delete', cable]);
  expect((await first.kawanan('up')).stdout).toContain('lab is up');
  expect((await first.status()).state).toBe('up');
});

test('two ups at once end as one', async () => {
  await first.kawanan('kill', 'vm-loadbalancer1');
  const both = await Promise.all([first.kawanan('up'), first.kawanan('up')]);
  expect(both.map((one) => one.exitCode)).toEqual([0, 0]);
  expect(both.filter((one) => one.stdout.includes('nothing to do'))).toHaveLength(1);
});

test('a fault on a node that isn’t there is bad input; on a lab that is down a failure; both say what to do', async () => {
  const wrong = await first.kawanan('kill', 'vm-nobody');
  expect(wrong.exitCode).toBe(2);
  expect(wrong.stderr).toContain('its nodes are vm-loadbalancer1, ');
  const down = await second.kawanan('kill', 'vm-loadbalancer1');
  expect(down.exitCode).toBe(1);
  expect(down.stderr).toContain('kawanan lab up');
});

test('an interrupted up leaves nothing that the next up can’t go on from, wherever it was killed', async () => {
  for (const delayMs of [200, 400, 700, 1200, 2500]) {
    await second.kawanan('down');
    await second.killedAfter(delayMs, 'up');
    await second.must('up');
    expect((await second.status()).state, `killed after ${delayMs} ms`).toBe('up');
  }
});

test('an interrupted down is finished by the next one', async () => {
  const { subnet } = await second.status();
  await second.killedAfter(350, 'down');
  await second.must('down');
  expect(await second.leftovers(subnet!)).toEqual(nothing);
});

test('a root file system that was killed half made is nobody’s: its makers die with up, the next up removes it', async () => {
  const cache = join(second.checkout, 'cache');
  const env = { KAWANAN_CACHE: cache };
  await second.killedAfter(6000, 'up', env);
  const half = await partial(cache);
  expect(half).toHaveLength(1);
  await sleep(500);
  expect(await processesIn(cache)).toEqual([]);
  await second.killedAfter(3000, 'up', env);
  expect(await partial(cache)).not.toEqual(half);
  expect(await second.kawananWith(env, 'down', '--purge')).toMatchObject({ exitCode: 0 });
  await expect(access(cache)).rejects.toThrow();
});

test('a lab whose checkout was deleted is removed by the next up or down of another', async () => {
  await second.must('up');
  const { subnet } = await second.status();
  await rm(second.checkout, { recursive: true });
  expect((await first.kawanan('up')).stderr).toContain(second.checkout);
  expect(await second.leftovers(subnet!)).toEqual(nothing);
  await mkdir(second.checkout);
});

test('down leaves no process, mount, interface, route, rule, group or file, even of a lab half broken', async () => {
  const { subnet } = await first.status();
  const held = await openStream(await first.address('vm-dockerswarmmanager'), 22);
  await first.kawanan('pause', 'vm-loadbalancer1');
  await first.kawanan('cut', 'vm-loadbalancer2');
  await first.kawanan('kill', 'vm-dockerswarmworker1');
  expect(isClean(await listResidue({ id: first.id, subnet: subnet! }))).toBe(false);
  const down = await first.must('down');
  expect(down.stdout).toContain('lab is down');
  held.socket.destroy();
  expect(await first.leftovers(subnet!)).toEqual(nothing);
  expect(await first.status()).toMatchObject({ state: 'down', nodes: [] });
});

async function openStream(host: string, port: number): Promise<{ socket: Socket; ended: boolean }> {
  const socket = connect({ host, port });
  const stream = { socket, ended: false };
  socket.on('error', () => {
    stream.ended = true;
  });
  socket.on('close', () => {
    stream.ended = true;
  });
  await new Promise((done) => socket.once('data', done));
  return stream;
}

async function partial(cache: string): Promise<string[]> {
  return (await readdir(cache)).filter((name) => name.startsWith('.partial-'));
}

/** Processes whose command line or root is in a folder. */
async function processesIn(dir: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.filter((line) => line.includes(dir));
}
