import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import {
  bridgeName,
  chooseNumber,
  findLab,
  findNode,
  labNetwork,
  labNodes,
  linkName,
  machineName,
  maxLabs,
} from '../../src/lab/lab.ts';

const find = (stateDir: string, env: Record<string, string> = {}) =>
  findLab({ cwd: '/somewhere', env, stateDir });

describe('which lab', () => {
  test('is told by the state folder: the same folder, the same lab', () => {
    expect(find('/a/.kawanan/lab').id).toBe(find('/a/.kawanan/lab').id);
    expect(find('/a/.kawanan/lab').id).not.toBe(find('/b/.kawanan/lab').id);
    expect(find('/a/.kawanan/lab').machinesDir).toBe(`/var/lib/kawanan/${find('/a/.kawanan/lab').id}`);
  });
  test('is the checkout’s own unless KAWANAN_LAB names another', () => {
    expect(findLab({ cwd: '/somewhere', env: {} }).stateDir).toMatch(/^\/.*\/\.kawanan\/lab$/);
    expect(findLab({ cwd: '/somewhere', env: { KAWANAN_LAB: 'mine' } }).stateDir).toBe('/somewhere/mine');
  });
  test('KAWANAN_CACHE moves the cache', () => {
    expect(find('/a').cacheDir).toBe('/var/cache/kawanan');
    expect(find('/a', { KAWANAN_CACHE: '/big/cache' }).cacheDir).toBe('/big/cache');
    expect(find('/a', { KAWANAN_CACHE: '' }).cacheDir).toBe('/var/cache/kawanan');
  });
  test.each(['/a,b', '/a:b', '/a"b', '/a\\b'])('a folder that mount can’t be told is refused: %s', (dir) => {
    expect(() => find('/a', { KAWANAN_CACHE: dir })).toThrow(InputError);
  });
});

test('interface names fit into the 15 characters that Linux has for them', () => {
  for (const node of labNodes) {
    expect(linkName({ id: '01234567' }, node).length).toBeLessThanOrEqual(15);
    expect(linkName({ id: '01234567' }, node)).toBe(`vb-${machineName({ id: '01234567' }, node)}`);
  }
  expect(bridgeName({ id: '01234567' }).length).toBeLessThanOrEqual(15);
});

describe('subnets', () => {
  test('the first lab has the addresses of the documentation', () => {
    expect(labNetwork(0)).toEqual({
      subnet: '198.18.0.0/24',
      bridgeAddress: '198.18.0.1',
      vip: '198.18.0.20',
      prefixLength: 24,
      addresses: {
        'vm-loadbalancer1': '198.18.0.11',
        'vm-loadbalancer2': '198.18.0.12',
        'vm-dockerswarmmanager': '198.18.0.13',
        'vm-dockerswarmworker1': '198.18.0.14',
        'vm-dockerswarmworker2': '198.18.0.15',
      },
    });
  });
  test('every lab has a subnet of its own inside 198.18.0.0/15', () => {
    const subnets = Array.from({ length: maxLabs }, (_, number) => labNetwork(number).subnet);
    expect(new Set(subnets).size).toBe(maxLabs);
    for (const subnet of subnets) expect(subnet).toMatch(/^198\.1[89]\.\d+\.0\/24$/);
    expect(isIP(labNetwork(maxLabs - 1).vip)).toBe(4);
  });
  test('the smallest free number is chosen', () => {
    expect(chooseNumber([])).toBe(0);
    expect(chooseNumber(['default', '198.18.0.0/24', '198.18.2.0/24'])).toBe(1);
    expect(
      chooseNumber(Array.from({ length: maxLabs }, (_, number) => labNetwork(number).subnet)),
    ).toBeUndefined();
  });
  test('whatever is taken, the choice is free and nothing smaller is', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(40)), (taken) => {
        const number = chooseNumber(taken.map((one) => labNetwork(one).subnet))!;
        expect(taken).not.toContain(number);
        for (let smaller = 0; smaller < number; smaller++) expect(taken).toContain(smaller);
      }),
    );
  });
});

describe('a node is found', () => {
  test('by its name, or by a part that only one has', () => {
    expect(findNode('vm-loadbalancer2').name).toBe('vm-loadbalancer2');
    expect(findNode('worker1').name).toBe('vm-dockerswarmworker1');
  });
  test.each(['worker', 'nothing', ''])('but not by %j', (name) => {
    expect(() => findNode(name)).toThrow(InputError);
  });
});
