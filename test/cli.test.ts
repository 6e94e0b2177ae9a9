import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import pico from 'picocolors';
import { expect, test } from 'vitest';
import { runCli } from '../src/cli.ts';
import { exitCodes } from '../src/errors.ts';

/** Runs one command line in a folder without a cluster file. */
async function run(...argv: string[]): Promise<{ exitCode: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const nobody = () => Promise.reject(new Error('nobody is asked here'));
  const exitCode = await runCli(argv, {
    terminal: {
      out: (text) => {
        said.out += text;
      },
      err: (text) => {
        said.err += text;
      },
      interactive: false,
      colors: pico.createColors(false),
      ask: nobody,
      askHidden: nobody,
    },
    cwd: '/nowhere',
    env: {},
    signal: new AbortController().signal,
  });
  return { exitCode, ...said };
}

test.each([
  [['pln'], "error: unknown command 'pln'\n(Did you mean plan?)\n(kawanan --help shows its commands)\n"],
  [['plan', '--bogus'], "error: unknown option '--bogus'\n(kawanan plan --help shows its options)\n"],
  [['logs'], "error: missing required argument 'service'\n(kawanan logs --help shows its options)\n"],
  [['lab', 'kill'], "error: missing required argument 'node'\n(kawanan lab kill --help shows its options)\n"],
  [
    ['lab', 'statsu'],
    "error: unknown command 'statsu'\n(Did you mean status?)\n(kawanan lab --help shows its commands)\n",
  ],
  [
    ['--json', 'plan'],
    "error: unknown option '--json'\n(kawanan --help shows its commands)\n(the options of a command stand behind it: kawanan plan --json …)\n",
  ],
  [
    ['exec', 'web', 'ls', '-la'],
    "error: unknown option '-la'\n(kawanan exec --help shows its options)\n(what is to run stands behind --: kawanan exec web -- ls -l)\n",
  ],
])('%j is bad input, and says where help is', async (argv, err) => {
  const out = argv.includes('--json') ? expect.stringMatching(/^\{"error"/) : '';
  expect(await run(...argv)).toEqual({ exitCode: exitCodes.badInput, out, err });
});

test.each([
  ['help pln', 'pln'],
  ['pln --help', 'pln'],
  ['pln -h', 'pln'],
  ['lab help statsu', 'lab statsu'],
  ['help lab statsu', 'lab statsu'],
  ['lab statsu --help', 'lab statsu'],
  ['help lab kill', 'lab kill --help'],
  ['lab help kill', 'lab kill --help'],
  ['lab kill node --help', 'lab kill --help'],
  ['help secrets recipients add', 'secrets recipients add --help'],
  ['help', '--help'],
  ['lab help', 'lab --help'],
])('%s is as %s', async (asked, plain) => {
  expect(await run(...asked.split(' '))).toEqual(await run(...plain.split(' ')));
});

test.each([
  ['plan', '(always, changed, never; changed unless told)'],
  ['up', '(300 unless told)'],
  ['secrets init', 'encrypt the values to this one; again for more -h'],
  ['lab cut', 'as a failed switch does -h'],
])('%s --help tells what an option may be, and what it is unless told', async (command, note) => {
  const { out } = await run(...command.split(' '), '--help');
  expect(out.replaceAll(/\s+/g, ' ')).toContain(note);
});

test.each([['plan'], ['up'], ['logs'], ['lab']])('help %s shows what %s --help shows', async (name) => {
  const asked = await run(name, '--help');
  expect(asked.out).toContain(`Usage: kawanan ${name} [options]`);
  expect(await run('help', name)).toEqual(asked);
});

test('--verbose counts on either side of the command', async () => {
  const plain = await run('plan');
  expect(plain).toMatchObject({ exitCode: exitCodes.badInput, out: '' });
  expect(plain.err).toContain('there is no cluster file');
  const verbose = await run('--verbose', 'plan');
  expect(verbose.err).toContain('    at ');
  const behind = await run('plan', '--verbose');
  expect(behind.exitCode).toBe(exitCodes.badInput);
  expect(behind.err.startsWith(plain.err)).toBe(true);
  expect(behind.err).toContain('    at ');
});

test('with --json a failure is told on standard output too, as one line of data', async () => {
  const { exitCode, out, err } = await run('plan', '--json');
  expect(exitCode).toBe(exitCodes.badInput);
  expect(err).toContain('there is no cluster file');
  expect(JSON.parse(out)).toMatchObject({
    error: { problems: [{ file: 'cluster.yml', message: 'there is no cluster file' }] },
  });
  expect(out.trimEnd()).not.toContain('\n');
});

test('so is a command line that is wrong; what stands behind -- is of another program', async () => {
  const wrong = await run('plan', '--bogus', '--json');
  expect(wrong.exitCode).toBe(exitCodes.badInput);
  expect(JSON.parse(wrong.out)).toEqual({ error: { message: "unknown option '--bogus'" } });
  expect((await run('exec', 'web', '--', 'tool', '--json')).out).toBe('');
});

test('a reader who leaves early is no defect', async () => {
  const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url));
  const child = spawn(process.execPath, [cli, 'lab', '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  expect(await text(child.stderr)).toBe('');
});

test.each([
  ['balancer', ['show', 'sync', 'drain', 'ready', 'failover', 'failback']],
  ['node', ['ls', 'drain', 'ready', 'reboot', 'add', 'promote', 'demote', 'remove']],
])('kawanan %s has its commands', async (command, names) => {
  const { out } = await run(command, '--help');
  const listed = [...out.matchAll(/^ {2}([a-z]+) (?:\[|<)/gm)].map(([, name]) => name);
  expect(listed.filter((name) => name !== 'help')).toEqual(names);
});
