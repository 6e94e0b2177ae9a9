import { rm } from 'node:fs/promises';
import { release } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isClean, listResidue } from '../../src/lab/residue.ts';
import { greets, makeTestLab, nothing, type TestLab } from './support/test-lab.ts';

// One machine with a kernel of its own among containers: what differs shows on one, and costs a fifth.
const node = 'vm-dockerswarmworker1';
const peer = 'vm-loadbalancer1';
let lab: TestLab;

beforeAll(async () => {
  lab = await makeTestLab();
});

afterAll(async () => {
  await lab.kawanan('down');
  await rm(lab.checkout, { recursive: true, force: true });
});

test('up gives a node a kernel of its own, which has what swarms need, and says so', async () => {
  const up = await lab.must('up', '--machines', 'worker1=uml');
  expect(up.stdout).toMatch(
    /^machines: nspawn: vm-loadbalancer1, .*; uml: vm-dockerswarmworker1 \(as told\)$/m,
  );
  const { nodes } = await lab.status();
  expect(nodes.filter(({ kind }) => kind === 'uml').map(({ name }) => name)).toEqual([node]);
  const facts = await lab.ssh(
    node,
    'hostname; systemctl is-system-running; uname -r; for one in ip_vs vxlan overlay; do modprobe $one && echo $one; done',
  );
  const [hostname, state, kernel, ...modules] = facts.trim().split('\n');
  expect([hostname, state, modules]).toEqual([node, 'running', ['ip_vs', 'vxlan', 'overlay']]);
  expect(kernel).not.toBe(release());
  expect(await lab.ssh(node, `ping -c 4 -W 5 ${await lab.address(peer)} >/dev/null && echo reached`)).toBe(
    'reached\n',
  );
});

test('up again does nothing; other machines than the lab has are refused', async () => {
  const bootId = await lab.bootId(node);
  expect((await lab.must('up')).stdout).toContain('nothing to do');
  const other = await lab.kawanan('up', '--machines', 'worker2=uml');
  expect(other.exitCode).toBe(2);
  expect(other.stderr).toContain('kawanan lab down');
  expect(await lab.bootId(node)).toBe(bootId);
});

test('pause, cut and heal act as on a container; the machine goes on as it was', async () => {
  const bootId = await lab.bootId(node);
  const address = await lab.address(node);
  for (const [there, back, shown] of [
    [['pause'], 'resume', 'paused'],
    [['cut'], 'heal', 'cut'],
    [['cut', '--silent'], 'heal', 'cut'],
  ] as const) {
    await lab.must(...there, node);
    const { power, cable } = await lab.node(node);
    expect([power, cable]).toContain(shown);
    expect(await greets(address)).toBe(false);
    await lab.must(back, node);
    // A peer that gave its address up while it was silent asks for it again, once a second.
    await expect.poll(() => greets(address), { timeout: 60_000, interval: 500 }).toBe(true);
  }
  expect(await lab.bootId(node)).toBe(bootId);
  expect(await lab.node(node)).toMatchObject({ power: 'running', cable: 'plugged' });
});

test('kill is a power failure: what was synced is on the disk after start', async () => {
  const bootId = await lab.bootId(node);
  await lab.ssh(node, 'echo kept > /root/kept; sync');
  await lab.must('kill', node);
  expect(await lab.node(node)).toMatchObject({ power: 'off', cable: 'none' });
  await lab.must('start', node);
  expect(await lab.ssh(node, 'cat /root/kept')).toBe('kept\n');
  expect(await lab.bootId(node)).not.toBe(bootId);
});

test('a machine that restarts itself is back on the network', async () => {
  const bootId = await lab.bootId(node);
  await lab.ssh(node, soon('systemctl reboot'));
  const changed = async (): Promise<boolean> => {
    const now = await lab.bootId(node).catch(() => bootId);
    return now !== '' && now !== bootId;
  };
  await expect.poll(changed, { timeout: 200_000, interval: 1000 }).toBe(true);
});

test('a machine that switches itself off is off, and the next up switches it on', async () => {
  await lab.ssh(node, soon('systemctl poweroff'));
  await expect.poll(() => lab.power(node), { timeout: 200_000, interval: 1000 }).toBe('off');
  await lab.must('up');
  expect((await lab.status()).state).toBe('up');
});

test('an interrupted up leaves nothing that the next up can’t go on from', async () => {
  for (const delayMs of [900, 2500]) {
    await lab.must('kill', node);
    await lab.killedAfter(delayMs, 'up');
    await lab.must('up');
    expect((await lab.status()).state, `killed after ${delayMs} ms`).toBe('up');
  }
});

test('down leaves nothing of it', async () => {
  const { subnet } = await lab.status();
  await lab.kawanan('pause', node);
  expect(isClean(await listResidue({ id: lab.id, subnet: subnet! }))).toBe(false);
  await lab.must('down');
  expect(await lab.leftovers(subnet!)).toEqual(nothing);
});

/** Leaves the connection that asks for it time to end well. */
function soon(command: string): string {
  return `nohup sh -c 'sleep 1; ${command}' >/dev/null 2>&1 &`;
}
