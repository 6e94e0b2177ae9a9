import { expect, test } from 'vitest';
import { readGreeting } from '../../../src/drill/probe/mysql-greeting.ts';

function makePacket(payload: number[] | string): Buffer {
  const bytes = Buffer.from(payload as string, 'latin1');
  return Buffer.concat([Buffer.from([bytes.length, 0, 0, 0]), bytes]);
}

const greeting = makePacket('\x0a8.0.46\0rest of the greeting');

test.each([
  ['a greeting', greeting, { failure: null }],
  ['nothing yet', Buffer.alloc(0), null],
  ['half a greeting', greeting.subarray(0, 12), null],
  [
    'a refusal',
    makePacket('\xff\x10\x04Too many connections'),
    { failure: 'MySQL error 1040: Too many connections' },
  ],
  [
    'a refusal with its SQL state',
    makePacket('\xff\x10\x04#08004Too many'),
    { failure: 'MySQL error 1040: Too many' },
  ],
  ['an empty packet', makePacket([]), { failure: 'not a MySQL greeting' }],
  ['a web server', Buffer.from('HTTP/1.1 400 Bad Request\r\n'), { failure: 'not a MySQL greeting' }],
  ['another protocol', makePacket([4, 1, 1]), { failure: 'not a MySQL greeting' }],
])('%s', (_name, bytes, expected) => {
  expect(readGreeting(bytes)).toEqual(expected);
});
