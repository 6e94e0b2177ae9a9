import { expect, test } from 'vitest';
import { parseTarget } from '../../../src/drill/probe/parse-target.ts';
import { InputError } from '../../../src/errors.ts';

test.each([
  ['https://vip/a?b=c', { kind: 'http', url: 'https://vip/a?b=c' }],
  ['tcp://vip:443', { kind: 'tcp', host: 'vip', port: 443 }],
  ['mysql://198.18.0.20', { kind: 'mysql', host: '198.18.0.20', port: 3306 }],
  ['mysql://[::1]:3307', { kind: 'mysql', host: '::1', port: 3307 }],
])('%s', (text, target) => {
  expect(parseTarget(text)).toEqual({ name: text, ...target });
});

test.each(['vip', 'vip:80', 'tcp://vip', 'ftp://vip/', 'mysql://'])('%s is refused', (text) => {
  expect(() => parseTarget(text)).toThrow(InputError);
});
