import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadCluster } from '../../src/cluster/load-cluster.ts';
import { exitCodes, InputError } from '../../src/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'kawanan-cluster-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function errorOf(path: string): Promise<InputError> {
  const error = await loadCluster(path, folder).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(InputError);
  return error;
}

test('a missing file says how to get one, and is bad input', async () => {
  const error = await errorOf('cluster.yml');
  expect(error.exitCode).toBe(exitCodes.badInput);
  expect(error.problems).toEqual([
    {
      file: 'cluster.yml',
      message: 'there is no cluster file',
      next: 'write one with `kawanan init`, or make a cluster on this computer with `kawanan lab up`',
    },
  ]);
});

test('a folder in place of the file is said to be one', async () => {
  expect((await errorOf('.')).message).toBe('this is a folder');
});

test('paths inside are relative to the file, and problems name it as the user did', async () => {
  const path = 'mine.yml';
  writeFileSync(
    join(folder, path),
    'name: a\nnodes: {a: {address: 10.0.0.1, role: manager}}\nsecrets: s.yml\n',
  );
  const cluster = await loadCluster(path, folder);
  expect(cluster.file).toBe(join(folder, path));
  expect(cluster.secretsFile).toBe(join(folder, 's.yml'));
  writeFileSync(join(folder, path), 'name: a\nnodes: {a: {address: 10.0.0.1, role: boss}}\n');
  expect((await errorOf(path)).problems[0]?.file).toBe('mine.yml');
});
