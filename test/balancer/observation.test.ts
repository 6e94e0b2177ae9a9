import { expect, test } from 'vitest';
import { parseObservation } from '../../src/balancer/observation.ts';
import { UserError } from '../../src/errors.ts';

const encode = (text: string): string => Buffer.from(text).toString('base64');
const node = { name: 'lb1', address: '192.0.2.11' };
const links = JSON.stringify([
  { ifname: 'lo', addr_info: [{ family: 'inet', local: '127.0.0.1' }] },
  {},
  {
    ifname: 'eth0',
    addr_info: [
      { family: 'inet', local: '192.0.2.11' },
      { family: 'inet', local: '192.0.2.20' },
    ],
  },
]);

test('reads versions, addresses, units and files', () => {
  const output = [
    `tool haproxy ${encode('HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/\n')}`,
    `tool keepalived ${encode('Keepalived v2.2.7 (01/16,2022)\n')}`,
    `tool nft ${encode('yes\n')}`,
    `tool nft-table ${encode('table ip kawanan {}')}`,
    `tool addresses ${encode(links)}`,
    `tool nginx ${encode('nginx version: nginx/1.26.3\n')}`,
    `tool nginx-running ${encode('HTTP/1.1 200 OK\r\n\r\ndigest 0123456789abcdef\n')}`,
    `key /etc/nginx/kawanan/a.pem.key ${encode('600 root\n')}`,
    `tool units ${encode(
      [
        'Id=haproxy.service\nActiveState=active\nUnitFileState=enabled\nNeedDaemonReload=yes\n',
        'Id=keepalived.service\nActiveState=inactive\nUnitFileState=\nNeedDaemonReload=no\n',
      ].join('\n'),
    )}`,
    `file /etc/haproxy/haproxy.cfg ${encode('global\n')}`,
    'file /empty ',
    '',
  ].join('\n');
  expect(parseObservation(output, node)).toEqual({
    node: 'lb1',
    haproxyVersion: '2.6.12-1+deb12u4',
    nginxVersion: '1.26.3',
    keepalivedVersion: '2.2.7',
    hasNft: true,
    keys: { '/etc/nginx/kawanan/a.pem.key': '600 root' },
    running: { nginx: '0123456789abcdef' },
    nftTable: 'table ip kawanan {}',
    interfaceName: 'eth0',
    addresses: ['192.0.2.11', '192.0.2.20'],
    files: { '/etc/haproxy/haproxy.cfg': 'global\n', '/empty': '' },
    units: {
      'haproxy.service': { active: 'active', enabled: 'enabled', stale: true },
      'keepalived.service': { active: 'inactive', enabled: '', stale: false },
    },
  });
});

test('a bare host has nothing', () => {
  expect(parseObservation(`tool addresses ${encode('[]')}\n`, node)).toEqual({
    node: 'lb1',
    hasNft: false,
    keys: {},
    running: {},
    addresses: [],
    files: {},
    units: {},
  });
});

test('a greeting of the login shell is refused by name', () => {
  expect(() => parseObservation('Welcome to lb1!\n', node)).toThrow(UserError);
});
