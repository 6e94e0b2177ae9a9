import { describe, expect, test } from 'vitest';
import { labNetwork, labNodes } from '../../src/lab/lab.ts';
import { renderKnownHosts, renderNodeFiles, renderResolvConf } from '../../src/lab/node-files.ts';

const identity = {
  machineId: 'ab'.repeat(16),
  hostKey: 'PRIVATE\n',
  hostKeyPublic: 'ssh-ed25519 AAAA host\n',
};

test('a machine has its name, its id, its address and its keys; private keys are private', () => {
  const files = renderNodeFiles(labNodes[0]!, labNetwork(3), identity, 'ssh-ed25519 BBBB user\n');
  expect(files.map((file) => [file.path, file.mode.toString(8)])).toEqual([
    ['/etc/hostname', '644'],
    ['/etc/machine-id', '444'],
    ['/etc/systemd/network/10-host0.network', '644'],
    ['/etc/ssh/ssh_host_ed25519_key', '600'],
    ['/etc/ssh/ssh_host_ed25519_key.pub', '644'],
    ['/root/.ssh/authorized_keys', '600'],
  ]);
  expect(files[0]!.content).toBe('vm-loadbalancer1\n');
  expect(files[2]!.content).toBe(`[Match]
Name=host0

[Network]
Address=198.18.3.11/24
Gateway=198.18.3.1
LinkLocalAddressing=no
IPv6AcceptRA=no
ConfigureWithoutCarrier=yes
IgnoreCarrierLoss=yes
KeepConfiguration=static
`);
});

describe('name servers', () => {
  test.each([
    ['this computer’s', ['nameserver 192.0.2.53\nsearch lan\n'], 'nameserver 192.0.2.53\nsearch lan\n'],
    [
      'those behind the local stub',
      ['nameserver 127.0.0.53\noptions edns0\n', '# real\nnameserver 192.0.2.1\n'],
      'nameserver 192.0.2.1\n',
    ],
    ['none', ['nameserver ::1\n', ''], ''],
  ])('%s', (_name, files, expected) => {
    expect(renderResolvConf(files)).toBe(expected);
  });
});

test('known_hosts has a line for each address', () => {
  const keys = {
    'vm-loadbalancer1': 'ssh-ed25519 AAAA vm-loadbalancer1\n',
    'vm-loadbalancer2': 'ssh-ed25519 BBBB\n',
  };
  expect(renderKnownHosts(labNetwork(0), keys)).toBe(
    '198.18.0.11 ssh-ed25519 AAAA\n198.18.0.12 ssh-ed25519 BBBB\n',
  );
});
