import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pico from 'picocolors';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli } from '../../../src/cli.ts';
import { createTerminal } from '../../../src/output/terminal.ts';

const colors = pico.createColors(false);
let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'kawanan-monitor-'));
});
afterEach(() => rm(cwd, { recursive: true }));

test.each(['up', 'down'])(
  "monitor %s stops before a stack of the user's own that has its name",
  async (command) => {
    const text = [
      'name: c',
      'nodes: {m: {address: 127.0.0.1, role: manager}}',
      'stack: {name: monitoring, file: own.yml}',
    ].join('\n');
    await writeFile(join(cwd, 'cluster.yml'), text);
    await writeFile(join(cwd, 'own.yml'), 'services: {web: {image: "w:1"}}\n');
    const printed: string[] = [];
    const print = (line: string) => void printed.push(line);
    const terminal = { ...createTerminal(), out: print, err: print, interactive: false, colors };
    const env = { HOME: cwd, PATH: process.env['PATH'] };
    const exitCode = await runCli(['monitor', command, '--yes'], {
      terminal,
      cwd,
      env,
      signal: new AbortController().signal,
    });
    expect([exitCode, printed.join('').replaceAll(`${cwd}/`, '')]).toEqual([
      2,
      'error cluster.yml: a stack of yours is called monitoring, as the one that would watch it\n  next give it another name\n',
    ]);
  },
);
