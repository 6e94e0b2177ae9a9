import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { watchScript } from '../../src/balancer/engine-watch.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kawanan-watch-'));
  await writeFile(join(folder, 'watch-engine'), watchScript);
});

afterEach(() => rm(folder, { recursive: true }));

/** Starts the program where systemd says that a unit's main process is the given one. */
async function startWatch(pid: number): Promise<{ pid: number; ended: Promise<unknown> }> {
  await writeFile(join(folder, 'systemctl'), `#!/bin/sh\necho MainPID=${pid}\necho ControlGroup=/nowhere\n`);
  await chmod(join(folder, 'systemctl'), 0o755);
  const env = { PATH: `${folder}:${process.env['PATH']}` };
  const args = [join(folder, 'watch-engine'), 'haproxy.service', join(folder, 'state')];
  const child = spawn('perl', args, { env, stdio: 'ignore' });
  return { pid: child.pid!, ended: once(child, 'exit') };
}

/** Whether a process holds another one's pidfd. */
async function waits(pid: number): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`);
  const targets = await Promise.all(
    descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')),
  );
  return targets.includes('anon_inode:[pidfd]') || targets.some((target) => target.startsWith('pidfd:'));
}

const readState = () => readFile(join(folder, 'state'), 'utf8').catch(() => undefined);

test('says that the engine ended in the moment its main process is gone, and nothing before', async () => {
  const engine = spawn('sleep', ['60']);
  const watch = await startWatch(engine.pid!);
  await expect.poll(() => waits(watch.pid), { timeout: 10_000 }).toBe(true);
  expect(await readState()).toBeUndefined();
  engine.kill('SIGKILL');
  await watch.ended;
  expect(await readState()).toBe('-254\n');
});

test('ends when it is told to, and says nothing of an engine that runs', async () => {
  const engine = spawn('sleep', ['60']);
  const watch = await startWatch(engine.pid!);
  await expect.poll(() => waits(watch.pid), { timeout: 10_000 }).toBe(true);
  process.kill(watch.pid, 'SIGTERM');
  await watch.ended;
  engine.kill('SIGKILL');
  expect(await readState()).toBeUndefined();
});

test.each([
  ['there is no main process', 0],
  ['it is gone already', 2 ** 22 + 1],
])('leaves it to systemd where %s', async (_, pid) => {
  await (await startWatch(pid)).ended;
  expect(await readState()).toBeUndefined();
});
