import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { describeReadFailure } from '../../src/input/read-failure.ts';

const folder = mkdtempSync(join(tmpdir(), 'kawanan-read-'));
writeFileSync(join(folder, 'file'), '');
symlinkSync('loop', join(folder, 'loop'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ['gone', 'there is no such file'],
  ['.', 'it is a folder'],
  ['file/in', 'part of its path is not a folder'],
  ['loop', 'its links lead in a circle'],
  ['x'.repeat(300), 'its name is too long'],
  ['a\0b', 'its path holds a null character'],
])('what the system says of %j is told in words', async (name, words) => {
  const error = await readFile(`${folder}/${name}`).catch((thrown: unknown) => thrown);
  expect(describeReadFailure(error)).toBe(words);
});
