import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Command, CommandResult } from '../../src/remote/command.ts';
import { writeRemoteFile } from '../../src/remote/remote-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'kawanan-remote-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs commands on this computer, over a connection that breaks after a few bytes of standard input. */
async function runCutOff(command: Command): Promise<CommandResult> {
  const input = command.stdin === undefined ? '' : Buffer.from(command.stdin as string).subarray(0, 5);
  const { status, stdout, stderr } = spawnSync(command.program, command.args ?? [], {
    input,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return { exitCode: 0, stdout, stderr };
}

test('content that arrives in part never takes the place of the old file', async () => {
  const path = join(folder, 'a.conf');
  writeFileSync(path, 'old content');
  const { uid, gid } = userInfo();
  const writing = writeRemoteFile(runCutOff, path, 'new content', { owner: `${uid}:${gid}` });
  await expect(writing).rejects.toThrow(`only a part of ${path} arrived`);
  expect(readFileSync(path, 'utf8')).toBe('old content');
  expect(readdirSync(folder)).toEqual(['a.conf']);
});
