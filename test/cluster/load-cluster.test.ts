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

test.each([
  [
    'Latin-1',
    Buffer.from('name: a\nnodes: {caf\xe9: {}}\n', 'latin1'),
    { line: 2, message: 'this is not UTF-8 text' },
  ],
  [
    'a program',
    Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1]),
    { line: 1, column: 1, message: 'a control character (U+007f) where text is expected' },
  ],
])('%s in place of the file is said to be no text', async (_, bytes, problem) => {
  writeFileSync(join(folder, 'bytes.yml'), bytes);
  const [only, ...others] = (await errorOf('bytes.yml')).problems;
  expect(others).toEqual([]);
  expect(only).toMatchObject({ file: 'bytes.yml', ...problem });
});

test('UTF-16 with its mark is read as well', async () => {
  const text = '\ufeffname: a\nnodes: {a: {address: 10.0.0.1, role: manager}}\n';
  writeFileSync(join(folder, 'wide.yml'), Buffer.from(text, 'utf16le'));
  expect((await loadCluster('wide.yml', folder)).name).toBe('a');
});
