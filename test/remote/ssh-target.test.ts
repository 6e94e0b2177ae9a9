import { describe, expect, test } from 'vitest';
import type { SshSettings } from '../../src/cluster/cluster.ts';
import { InputError } from '../../src/errors.ts';
import { resolveJumpTarget, resolveNodeTarget, type SshTarget } from '../../src/remote/ssh-target.ts';

const home = '/home/ika';
const open: SshSettings = { user: 'root', port: 22, defaulted: ['user', 'port'] };

function resolve(sshConfig: string, ssh: SshSettings = open): SshTarget {
  const context = { sshConfig, home, localUser: 'ika', agent: '/run/agent' };
  return resolveNodeTarget({ name: 'vm-a', address: '10.0.0.1', ssh }, context);
}

const plain: SshTarget = {
  label: 'vm-a',
  host: '10.0.0.1',
  port: 22,
  user: 'root',
  keys: ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => ({ path: `${home}/.ssh/${name}`, named: false })),
  knownHostsFiles: [`${home}/.ssh/known_hosts`, '/etc/ssh/ssh_known_hosts'],
  strict: false,
  agent: '/run/agent',
};

test('without a configuration it is what ssh itself would take', () => {
  expect(resolve('')).toEqual(plain);
});

describe('~/.ssh/config', () => {
  const block = `
  User admin
  Port 2200
  IdentityFile ~/.ssh/lab
  IdentityFile %d/keys/%r@%h
  UserKnownHostsFile ~/.ssh/lab_hosts
  StrictHostKeyChecking yes
  IdentityAgent none
`;
  const expected: SshTarget = {
    label: 'vm-a',
    host: '10.0.0.1',
    port: 2200,
    user: 'admin',
    keys: [
      { path: '/home/ika/.ssh/lab', named: false },
      { path: '/home/ika/keys/admin@10.0.0.1', named: false },
    ],
    knownHostsFiles: ['/home/ika/.ssh/lab_hosts', '/etc/ssh/ssh_known_hosts'],
    strict: true,
  };

  test.each(['Host vm-a', 'Host 10.0.0.1', 'Host vm-*', 'host *', 'Host x vm-a'])(
    'a block under "%s" counts',
    (head) => {
      expect(resolve(head + block)).toEqual(expected);
    },
  );

  test('a block of another host does not count', () => {
    expect(resolve(`Host vm-b${block}`)).toEqual(plain);
  });

  test('what the cluster file says itself wins', () => {
    const ssh: SshSettings = { user: 'me', port: 22, key: '/k', knownHosts: '/kh' };
    expect(resolve(`Host vm-a${block}`, ssh)).toMatchObject({
      user: 'me',
      port: 22,
      keys: [
        { path: '/k', named: true },
        { path: '/home/ika/.ssh/lab' },
        { path: '/home/ika/keys/me@10.0.0.1' },
      ],
      knownHostsFiles: ['/kh', '/etc/ssh/ssh_known_hosts'],
    });
  });

  test('HostName leads elsewhere', () => {
    expect(resolve('Host vm-a\n  HostName 127.0.0.1\n  Port 2201\n  HostKeyAlias a\n')).toMatchObject({
      host: '127.0.0.1',
      port: 2201,
      hostKeyAlias: 'a',
    });
  });

  test('ProxyJump leads through another block', () => {
    const config =
      'Host vm-*\n  ProxyJump gate\nHost gate\n  HostName gate.example\n  User guard\n  Port 2222\n';
    expect(resolve(config).jump).toMatchObject({
      label: 'gate',
      host: 'gate.example',
      user: 'guard',
      port: 2222,
    });
  });

  test('a jump that leads to itself ends', () => {
    const { jump } = resolve('Host *\n  ProxyJump gate\n');
    expect(jump).toMatchObject({ host: 'gate' });
    expect(jump?.jump).toBeUndefined();
  });

  test('one that cannot be read is bad input', () => {
    expect(() => resolve('Host "a\n')).toThrow(InputError);
  });
});

test.each([
  ['gate', { host: 'gate', user: 'ika', port: 22 }],
  ['me@gate', { host: 'gate', user: 'me', port: 22 }],
  ['me@gate:2200', { host: 'gate', user: 'me', port: 2200 }],
  ['[fe80::1]:2200', { host: 'fe80::1', user: 'ika', port: 2200 }],
  ['a,me@b:1', { host: 'b', user: 'me', port: 1, jump: { host: 'a' } }],
])('the jump host %s', (written, expected) => {
  expect(resolveJumpTarget(written, { sshConfig: '', home, localUser: 'ika' })).toMatchObject(expected);
});
