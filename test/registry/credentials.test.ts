import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createLoginFinder,
  type Login,
  toAuthHeader,
  toConfigHeader,
} from '../../src/registry/credentials.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'kawanan-login-'));
  await mkdir(join(home, '.docker'));
});
afterEach(() => rm(home, { recursive: true }));

const write = (config: unknown): Promise<void> =>
  writeFile(join(home, '.docker/config.json'), JSON.stringify(config));
const find = (image: string): Promise<Login> =>
  createLoginFinder({ HOME: home, PATH: `${home}:/usr/bin:/bin` })(image);
const decode = (header: { base64: string } | undefined): unknown =>
  header && JSON.parse(Buffer.from(header.base64, 'base64url').toString());

/** A helper that keeps what it is asked, and says `answer`. */
async function writeHelper(answer: string, exitCode = 0): Promise<void> {
  const file = join(home, 'docker-credential-test');
  await writeFile(
    file,
    `#!/bin/sh\ncat > ${home}/asked\necho "$*" > ${home}/words\ncat <<'E'\n${answer}\nE\nexit ${exitCode}\n`,
  );
  await chmod(file, 0o755);
}

describe('the login for an image', () => {
  test('is none without a file', async () => {
    expect(await find('registry.example/app')).toEqual({ registry: 'registry.example' });
  });

  test('is what the file keeps, in the form of the header, and shows itself nowhere', async () => {
    // »?>« makes both letters that base64 for addresses replaces.
    await write({ auths: { 'registry.example': { auth: Buffer.from('ani:?>?>~~').toString('base64') } } });
    const login = await find('registry.example/app:1');
    expect(decode(toAuthHeader(login))).toEqual({
      username: 'ani',
      password: '?>?>~~',
      serveraddress: 'registry.example',
    });
    expect(toAuthHeader(login)?.base64).toMatch(/^[\w-]+={0,2}$/);
    expect(inspect(login) + JSON.stringify(login)).not.toMatch(/ani|~~/);
    expect(decode(toConfigHeader([login, { registry: 'other' }]))).toEqual({
      'registry.example': { username: 'ani', password: '?>?>~~', serveraddress: 'registry.example' },
    });
    expect(toConfigHeader([{ registry: 'other' }])).toBeUndefined();
  });

  test('is what a helper tells, which is asked on its standard input', async () => {
    await write({ credHelpers: { 'registry.example': 'test' } });
    await writeHelper('{"ServerURL": "registry.example", "Username": "ani", "Secret": "s"}');
    expect(decode(toAuthHeader(await find('registry.example/app')))).toEqual({
      username: 'ani',
      password: 's',
      serveraddress: 'registry.example',
    });
    expect(await readFile(join(home, 'asked'), 'utf8')).toBe('registry.example\n');
    expect(await readFile(join(home, 'words'), 'utf8')).toBe('get\n');
  });

  test('may be a token', async () => {
    await write({ credsStore: 'test' });
    await writeHelper('{"Username": "<token>", "Secret": "t"}');
    expect(decode(toAuthHeader(await find('app')))).toEqual({
      identitytoken: 't',
      serveraddress: 'https://index.docker.io/v1/',
    });
  });

  test('is none where the helper has none', async () => {
    await write({ credsStore: 'test' });
    await writeHelper('credentials not found in native keychain', 1);
    expect(await find('registry.example/app')).toEqual({ registry: 'registry.example' });
  });

  test.each([
    ['{"Username": "ani", "Secret": "hunter2"', 0, /docker-credential-test: its answer is no JSON$/],
    [
      '{"Username": "ani", "secret": "hunter2"}',
      0,
      /docker-credential-test: its answer has no Username and Secret$/,
    ],
    ['hunter2', 3, /docker-credential-test: it ended with code 3$/],
  ])('is a problem where the helper answers %s with code %i', async (answer, exitCode, problem) => {
    await write({ credsStore: 'test' });
    await writeHelper(answer, exitCode);
    expect(await find('registry.example/app')).toEqual({
      registry: 'registry.example',
      problem: expect.stringMatching(problem),
    });
  });

  test('is a problem where there is no such helper, or the file is none', async () => {
    await write({ credsStore: 'absent' });
    expect((await find('app')).problem).toMatch(
      /docker-credential-absent: there is no such program on the PATH$/,
    );
    await writeFile(join(home, '.docker/config.json'), '{');
    expect((await find('app')).problem).toMatch(/config.json can't be used: it is no JSON$/);
  });
});
