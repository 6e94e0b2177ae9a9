import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { InputError } from '../../src/errors.ts';
import { type LoadSecretsOptions, loadSecrets } from '../../src/secrets/load-secrets.ts';
import { resolveSource } from '../../src/secrets/resolve-source.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import type { SecretEntry } from '../../src/secrets/secrets-file.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kawanan-secrets-'));
  file = join(folder, 'secrets.yml');
});
afterEach(() => rm(folder, { recursive: true }));

const options: LoadSecretsOptions = {
  variables: { KAWANAN_VIP: '10.0.0.9' },
  env: { FROM_ENV: 'env value', EMPTY: '', PATH: process.env['PATH'] },
  write: false,
};

const write = (text: string, mode = 0o600): Promise<void> => writeFile(file, text, { mode });

async function load(more: Partial<LoadSecretsOptions> = {}): Promise<Record<string, string>> {
  const loaded = await loadSecrets(file, { ...options, ...more });
  return Object.fromEntries(
    [...loaded].map(([name, value]) => [
      name,
      value instanceof SecretValue ? value.reveal().toString('latin1') : `(${value})`,
    ]),
  );
}

async function problemsOf(more: Partial<LoadSecretsOptions> = {}): Promise<string[]> {
  try {
    await loadSecrets(file, { ...options, ...more });
    return [];
  } catch (error) {
    return (error as InputError).problems.map(({ line, path, message, next }) =>
      `${line ?? '-'} ${path ?? '-'}: ${message}${next === undefined ? '' : ` → ${next}`}`.replaceAll(
        folder,
        'DIR',
      ),
    );
  }
}

describe('values come', () => {
  test('from the file itself, templates, files, variables and programs', async () => {
    await mkdir(join(folder, 'sub'));
    await writeFile(join(folder, 'sub/key'), Buffer.from([0xff, 0x00, 0x0a, 0x0a]));
    await writeFile(join(folder, 'windows'), 'value\r\n');
    await write(
      [
        'plain: 0123',
        'template: {template: "http://${KAWANAN_VIP}/"}',
        'binary: {file: sub/key}',
        'windows: {file: ./windows}',
        'env: {env: FROM_ENV}',
        `command: {command: [sh, -c, 'cat windows; printf "%s\\n" "$0"', 'a b']}`,
      ].join('\n'),
    );
    expect(await load()).toEqual({
      plain: '0123',
      template: 'http://10.0.0.9/',
      binary: '\xff\0\n',
      windows: 'value',
      env: 'env value',
      command: 'value\r\na b',
    });
  });

  test('only for those that are asked for', async () => {
    await write('a: 1\nb: {command: [touch, ran]}\nc: {env: NONE}\nd: generate');
    expect(await load({ only: ['a'], write: true })).toEqual({ a: '1' });
    expect(await readdir(folder)).toEqual(['secrets.yml']);
  });

  test('from nowhere when the cluster has no secrets file', async () => {
    expect(await loadSecrets(undefined, options)).toEqual(new Map());
  });
});

describe('values that are to be generated', () => {
  const text = '# mine\na: generate # keep\nb: {generate: {length: 40, charset: hex}}\nc: left\n';

  test('stay unknown in a plan, and the file stays as it is', async () => {
    await write(text);
    expect(await load()).toEqual({ a: '(generated at up)', b: '(generated at up)', c: 'left' });
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  test('are written into the file, once', async () => {
    await write(text);
    const first = await load({ write: true });
    expect(first['a']).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(first['b']).toMatch(/^[0-9a-f]{40}$/);
    const written = await readFile(file, 'utf8');
    expect(written).toBe(`# mine\na: "${first['a']}" # keep\nb: "${first['b']}"\nc: left\n`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await load({ write: true })).toEqual(first);
    expect(await readFile(file, 'utf8')).toBe(written);
    expect(await readdir(folder)).toEqual(['secrets.yml']);
  });

  test('are written over what a killed run left', async () => {
    await write(text);
    await writeFile(join(folder, '.secrets.yml.half'), 'half', { mode: 0o600 });
    await load({ write: true });
    expect(await readdir(folder)).toEqual(['secrets.yml']);
  });

  test('are written where a link leads', async () => {
    await mkdir(join(folder, 'real'));
    await writeFile(join(folder, 'real/s.yml'), 'a: generate\n', { mode: 0o600 });
    await symlink('real/s.yml', file);
    const { a } = await load({ write: true });
    expect(await readFile(join(folder, 'real/s.yml'), 'utf8')).toBe(`a: "${a}"\n`);
  });

  test('are not made while anything else is wrong', async () => {
    await write('a: generate\nb: {env: NONE}\n');
    expect(await problemsOf({ write: true })).toHaveLength(1);
    expect(await readFile(file, 'utf8')).toBe('a: generate\nb: {env: NONE}\n');
  });
});

describe('what is wrong', () => {
  test('with the sources is reported all at once, with the way out', async () => {
    await write(
      [
        'a: {env: NONE}',
        'b: {env: EMPTY}',
        'c: {file: nowhere}',
        'd: {file: .}',
        'e: {command: [no-such-program, hunter2]}',
        "f: {command: [sh, -c, 'echo hunter2 >&2; exit 3']}",
        'g: {template: "hunter2 ${NONE}"}',
        "h: ''",
        'i: {command: [head, -c, "600000", /dev/zero]}',
      ].join('\n'),
    );
    await chmod(file, 0o640);
    expect(await problemsOf()).toEqual([
      '- -: others may read this file (mode 0640) → chmod 600 DIR/secrets.yml',
      '1 a: the environment variable NONE is not set → export NONE=…',
      '2 b: the value is empty, which swarm does not take → give it a value',
      "3 c: the file DIR/nowhere can't be read: there is no such file → paths are seen from the folder of the secrets file",
      "4 d: the file DIR can't be read: it is a folder → paths are seen from the folder of the secrets file",
      '5 e: the program no-such-program gave no value: there is no such program → run the command by hand to see why',
      '6 f: the program sh gave no value: it ended with code 3 → run the command by hand to see why',
      '7 g: the variable NONE is not set → variables are set under variables of the cluster file; there are: KAWANAN_VIP',
      '8 h: the value is empty, which swarm does not take → give it a value',
      '9 i: the value has 600000 bytes; swarm takes less than 512000 → keep what is large in an object store or a volume, and only the key to it as a secret',
    ]);
  });

  test.each([0o644, 0o604, 0o660])('is a file that others may read: mode %o', async (mode) => {
    await write('a: x\nb: {fiel: 1}');
    await chmod(file, mode);
    expect(await problemsOf()).toEqual([
      expect.stringContaining('others may read this file'),
      expect.stringContaining('did you mean "file"?'),
    ]);
  });

  test('is a file that is not there', async () => {
    expect(await problemsOf()).toEqual([
      '- -: there is no secrets file → kawanan init writes one; or: install -m 600 secrets.example DIR/secrets.yml',
    ]);
  });
});

test('a program that takes too long is killed, even one that shrugs off SIGTERM', async () => {
  const argv = ['sh', '-c', 'trap "" TERM; exec sleep 20'];
  const entry: SecretEntry = {
    name: 'slow',
    source: { from: 'command', argv },
    place: { file },
    range: [0, 0],
  };
  const around = { file, variables: {}, env: { PATH: process.env['PATH'] }, commandTimeoutMs: 50 };
  expect(await resolveSource(entry, around)).toEqual({
    problem: {
      file,
      message: 'the program sh gave no value: it took longer than 0.05 s',
      next: 'run the command by hand to see why',
    },
  });
});
