import { expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { readSeconds } from '../../src/input/read-seconds.ts';

test.each([
  ['0', 0],
  ['60', 60],
  ['1.5', 1.5],
  ['1e2', 100],
])('%s is a number of seconds', (text, seconds) => {
  expect(readSeconds('--wait', text)).toBe(seconds);
});

test.each(['', ' ', '-1', '5s', 'NaN', 'Infinity', '1,5'])('%j is none', (text) => {
  expect(() => readSeconds('--wait', text)).toThrow(InputError);
  expect(() => readSeconds('--wait', text)).toThrow(`--wait ${JSON.stringify(text)} is no number of seconds`);
});
