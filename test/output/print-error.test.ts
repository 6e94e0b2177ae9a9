import pico from 'picocolors';
import { describe, expect, test } from 'vitest';
import { CombinedError, InputError, UserError } from '../../src/errors.ts';
import { errorToJson, formatError } from '../../src/output/print-error.ts';

const plain = pico.createColors(false);

describe('formatError', () => {
  test('says what happened, where, why and what to do next', () => {
    const error = new UserError('haproxy refused its configuration', {
      place: { host: 'lb1', file: '/etc/haproxy/haproxy.cfg', line: 7 },
      details: ['unknown keyword'],
      next: 'mend x-balancer and run kawanan up again',
    });
    expect(formatError(error, plain)).toEqual([
      'error lb1 /etc/haproxy/haproxy.cfg:7: haproxy refused its configuration',
      '  unknown keyword',
      '  next mend x-balancer and run kawanan up again',
    ]);
  });

  test('lists every problem of the input with its place and counts them', () => {
    const error = new InputError([
      {
        message: 'unknown key "adress"',
        file: 'cluster.yml',
        line: 3,
        column: 5,
        path: 'nodes.a',
        next: 'did you mean "address"?',
      },
      { message: 'no manager', file: 'cluster.yml' },
    ]);
    expect(formatError(error, plain)).toEqual([
      'error cluster.yml:3:5 nodes.a: unknown key "adress"',
      '  next did you mean "address"?',
      'error cluster.yml: no manager',
      '2 problems; nothing was changed',
    ]);
  });

  test('shows what a name may hold instead of obeying it', () => {
    const error = new InputError({ message: 'no name', file: 'c.yml', line: 2, path: 'nodes.a\nb\x1b[2J' });
    expect(formatError(error, plain)).toEqual(['error c.yml:2 nodes.a\\nb\\x1b[2J: no name']);
  });

  test('lists each of several failures', () => {
    const error = new CombinedError('2 changes failed', [new UserError('first'), new UserError('second')]);
    expect(formatError(error, plain)).toEqual([
      'error 2 changes failed',
      '',
      'error first',
      '',
      'error second',
    ]);
  });

  test('says what they have in common before them', () => {
    const options = { details: ['restored service web'], next: 'mend it' };
    const error = new CombinedError(
      'it failed, and is as it was',
      [new UserError('web exits at once')],
      options,
    );
    expect(formatError(error, plain)).toEqual([
      'error it failed, and is as it was',
      '  restored service web',
      '',
      'error web exits at once',
      '  next mend it',
    ]);
  });

  test('shows the stack of a defect of ours', () => {
    const lines = formatError(new TypeError('x is undefined'), plain);
    expect(lines[0]).toBe('defect this is a mistake in kawanan, please report it');
    expect(lines[1]).toBe('TypeError: x is undefined');
    expect(lines[2]).toMatch(/^ {4}at /);
  });
});

test('gives the same error as data', () => {
  expect(errorToJson(new InputError({ message: 'bad', file: 'f' }))).toEqual({
    message: 'bad',
    problems: [{ message: 'bad', file: 'f' }],
    next: undefined,
  });
});
