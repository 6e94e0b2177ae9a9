import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli } from '../../src/cli.ts';
import { createTerminal } from '../../src/output/terminal.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'kawanan-up-'));
});
afterEach(() => rm(cwd, { recursive: true }));

async function findClosedPort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('up makes no values for the secrets file before it has a plan and the answer yes', async () => {
  const secrets = 'password: generate\n';
  const files = {
    'cluster.yml': [
      'name: c',
      `ssh: {user: root, port: ${await findClosedPort()}}`,
      'nodes: {m: {address: 127.0.0.1, role: manager}}',
      'stack: {name: s, file: compose.yml}',
      'secrets: secrets.yml',
    ].join('\n'),
    'compose.yml':
      'services: {web: {image: "w:1", secrets: [password]}}\nsecrets: {password: {external: true}}\n',
    'secrets.yml': secrets,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text, { mode: 0o600 });
  const printed: string[] = [];
  const print = (text: string) => void printed.push(text);
  const terminal = { ...createTerminal(), out: print, err: print, interactive: false };
  const signal = new AbortController().signal;
  const env = { HOME: cwd, PATH: process.env['PATH'] };
  expect(await runCli(['up', '--yes'], { terminal, cwd, env, signal })).toBe(1);
  expect(printed.join('')).toMatch(/127\.0\.0\.1/);
  expect(await readFile(join(cwd, 'secrets.yml'), 'utf8')).toBe(secrets);
});
