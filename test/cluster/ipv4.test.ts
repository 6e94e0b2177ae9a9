import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ipv4Pattern,
  ipv4SubnetPattern,
  isInSubnet,
  isNetworkOrBroadcast,
  readIpv4,
} from '../../src/cluster/ipv4.ts';

test.each([
  ['0.0.0.0', 0],
  ['0.0.1.2', 258],
  ['192.168.1.11', 3232235787],
  ['255.255.255.255', 4294967295],
])('%s is the number %d', (address, number) => {
  expect(readIpv4(address)).toBe(number);
});

test.each(['1.2.3', '1.2.3.4.5', '1.2.3.256', '01.2.3.4', '1.2.3.4/24', ' 1.2.3.4', '::1', ''])(
  '%j is no address',
  (text) => {
    expect(ipv4Pattern.test(text)).toBe(false);
  },
);

test.each([
  ['1.2.3.4/0', true],
  ['1.2.3.4/32', true],
  ['1.2.3.4/33', false],
  ['1.2.3.4/', false],
  ['1.2.3.4', false],
])('%s is a subnet: %s', (text, expected) => {
  expect(ipv4SubnetPattern.test(text)).toBe(expected);
});

test.each([
  ['10.0.0.255', '10.0.0.1', 24, true],
  ['10.0.1.0', '10.0.0.1', 24, false],
  ['10.0.1.0', '10.0.0.1', 23, true],
  ['10.0.0.2', '10.0.0.1', 32, false],
  ['250.0.0.1', '1.0.0.1', 0, true],
])('%s lies in the subnet of %s/%d: %s', (address, base, prefixLength, expected) => {
  expect(isInSubnet(address, { address: base, prefixLength })).toBe(expected);
});

describe('network and broadcast addresses', () => {
  test.each([
    ['10.0.0.0', 24, 'network'],
    ['10.0.0.255', 24, 'broadcast'],
    ['10.0.0.255', 23, undefined],
    ['10.0.1.255', 23, 'broadcast'],
    ['10.0.0.0', 31, undefined],
    ['10.0.0.0', 32, undefined],
  ])('%s/%d: %s', (address, prefixLength, expected) => {
    expect(isNetworkOrBroadcast({ address, prefixLength })).toBe(expected);
  });

  test('an address lies in its own subnet whatever the prefix', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, prefixLength) => {
        expect(isInSubnet(address, { address, prefixLength })).toBe(true);
      }),
    );
  });
});
