import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import {
  fingerprintKey,
  formatKnownHost,
  knownHostName,
  knownKeyTypes,
  parseKnownHosts,
  readKeyType,
  verifyHostKey,
} from '../../src/remote/known-hosts.ts';
import { makeKey } from './sshd.ts';

const folder = mkdtempSync(join(tmpdir(), 'kawanan-known-hosts-'));
afterAll(() => rmSync(folder, { recursive: true }));

function newKey(name: string, type = 'ed25519'): Buffer {
  makeKey(join(folder, name), '', type);
  return Buffer.from(readFileSync(join(folder, `${name}.pub`), 'utf8').split(' ')[1]!, 'base64');
}
const ours = newKey('ours');
const other = newKey('other');
const ecdsa = newKey('ecdsa', 'ecdsa');
const line = (hosts: string, key: Buffer): string => formatKnownHost(hosts, key);
const verdictOf = (text: string, name: string, key = ours) =>
  verifyHostKey(parseKnownHosts(text, 'kh'), name, key).kind;

test('a key has the type and fingerprint that ssh-keygen prints', () => {
  const printed = execFileSync('ssh-keygen', ['-l', '-f', join(folder, 'ours.pub')]).toString();
  expect(printed).toContain(` ${fingerprintKey(ours)} `);
  expect([readKeyType(ours), readKeyType(ecdsa)]).toEqual(['ssh-ed25519', 'ecdsa-sha2-nistp256']);
});

test('lines hashed by ssh-keygen -H are found, with and without a port', () => {
  const file = join(folder, 'hashed');
  writeFileSync(file, `${line('10.0.0.1', ours)}\n${line('[10.0.0.1]:2222', other)}\n`);
  execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
  const text = readFileSync(file, 'utf8');
  expect(text).not.toContain('10.0.0.1');
  expect(verdictOf(text, '10.0.0.1')).toBe('known');
  expect(verdictOf(text, '[10.0.0.1]:2222')).toBe('changed');
  expect(verdictOf(text, '[10.0.0.1]:2222', other)).toBe('known');
  expect(verdictOf(text, '10.0.0.2')).toBe('unknown');
});

test('ssh-keygen -F finds a line that we wrote', () => {
  const file = join(folder, 'written');
  writeFileSync(file, `${line(knownHostName('10.0.0.9', 2222), ours)}\n`);
  expect(execFileSync('ssh-keygen', ['-F', '[10.0.0.9]:2222', '-f', file]).toString()).toContain('found');
});

describe('verdicts', () => {
  test.each([
    ['the same key', line('h', ours), 'known'],
    ['one of several keys', `${line('h', other)}\n${line('h', ours)}`, 'known'],
    ['one of several names', line('x,h,y', ours), 'known'],
    ['another key', line('h', other), 'changed'],
    ['a key of another type only', line('h', ecdsa), 'changed'],
    ['another host', line('hh', ours), 'unknown'],
    ['a pattern', line('*', ours), 'known'],
    ['a pattern with a question mark', line('?', ours), 'known'],
    ['a negated name', line('*,!h', ours), 'unknown'],
    [
      'a revoked key, though it is recorded too',
      `${line('h', ours)}\n@revoked * ${line('', ours).trim()}`,
      'revoked',
    ],
    ['another key revoked', `${line('h', ours)}\n@revoked h ${line('', other).trim()}`, 'known'],
    ['a certificate authority', `@cert-authority h ${line('', ours).trim()}`, 'unknown'],
    ['a comment', `# ${line('h', ours)}`, 'unknown'],
    ['a broken line before', `h ssh-ed25519\n\n@what h x y\n${line('h', ours)} comment`, 'known'],
    ['capital letters', line('H', ours), 'known'],
    ['nothing', '', 'unknown'],
  ])('%s: %s', (_name, text, kind) => {
    expect(verdictOf(text, 'h')).toBe(kind);
  });
});

test('the lines of a changed key are named', () => {
  const verdict = verifyHostKey(parseKnownHosts(`# a\n${line('h', other)}\n`, 'kh'), 'h', ours);
  expect(verdict).toMatchObject({
    kind: 'changed',
    recorded: [{ file: 'kh', line: 2, keyType: 'ssh-ed25519' }],
  });
});

test('key types that are recorded are preferred, revoked ones are not', () => {
  const text = `${line('h', ecdsa)}\n${line('h', ours)}\n${line('x', other)}\n@revoked h ssh-rsa AAAA`;
  expect(knownKeyTypes(parseKnownHosts(text, 'kh'), 'h')).toEqual(['ecdsa-sha2-nistp256', 'ssh-ed25519']);
});

test('no text makes the parser throw', () => {
  fc.assert(
    fc.property(
      fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('latin1')),
      (text) => {
        verifyHostKey(parseKnownHosts(text, 'kh'), 'h', ours);
      },
    ),
  );
});
