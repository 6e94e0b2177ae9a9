import { describe, expect, test } from 'vitest';
import { InputError, UserError } from '../../src/errors.ts';
import { chooseStackOf, findServiceByName } from '../../src/stack/find-service.ts';
import { formatBytes, formatNanoseconds } from '../../src/stack/format-values.ts';
import { hideSecrets, hideSecretWords, looksSecret } from '../../src/stack/hide-values.ts';
import { parseSince } from '../../src/stack/parse-since.ts';

test.each([
  [0, '0s'],
  [500e6, '500ms'],
  [1, '1ns'],
  [1e9, '1s'],
  [1.5e9, '1.5s'],
  [90e9, '1m30s'],
  [3600e9, '1h'],
])('%d nanoseconds are %s', (nanoseconds, text) => {
  expect(formatNanoseconds(nanoseconds)).toBe(text);
});

test.each([
  [1000, '1000'],
  [1024, '1K'],
  [64 * 1024 ** 2, '64M'],
  [1.5 * 1024 ** 3, '1.5G'],
  [1024 ** 2 + 1, '1048577'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  ['MYSQL_PASSWORD', true],
  ['jwt_secret_key', true],
  ['AWS_ACCESS_KEY_ID', true],
  ['API_TOKEN', true],
  ['MYSQL_PASSWORD_FILE', false],
  ['LOG_LEVEL', false],
  ['KEYBOARD', false],
])('the name %s looks secret: %s', (name, secret) => {
  expect(looksSecret(name)).toBe(secret);
});

test.each([
  ['mysql://root:pw@db:3306/x', 'mysql://root:(hidden)@db:3306/x'],
  ['server --password=pw --port 1', 'server --password=(hidden) --port 1'],
  ['server --api-key pw', 'server --api-key (hidden)'],
  ['mysql://root:p/w@1@db:3306/x', 'mysql://root:(hidden)@db:3306/x'],
  ["server --password='two words' -v", 'server --password=(hidden) -v'],
  ['-Dspring.datasource.password=pw -Xmx1g', '-Dspring.datasource.password=(hidden) -Xmx1g'],
  ['host=db;password=pw;port=1', 'host=db;password=(hidden);port=1'],
  ['http://hook/?token=abc&page=1', 'http://hook/?token=(hidden)&page=1'],
  ['http://db:3306/x', 'http://db:3306/x'],
])('%s is shown as %s', (text, shown) => {
  expect(hideSecrets(text)).toBe(shown);
});

test('a value with blanks is hidden whole in the words of a command', () => {
  const words = ['server', '--password', 'two words', '--token=a b', '--port', '1', 'sh -c --token=c d'];
  expect(hideSecretWords(words)).toEqual([
    'server',
    '--password',
    '(hidden)',
    '--token=(hidden)',
    '--port',
    '1',
    'sh -c --token=(hidden) d',
  ]);
});

describe('--since', () => {
  const now = Date.parse('2026-01-01T12:00:00Z');
  test.each([
    ['10m', now / 1000 - 600],
    ['1h30m', now / 1000 - 5400],
    ['2026-01-01T11:00:00Z', now / 1000 - 3600],
    ['1767265200', 1767265200],
  ])('%s', (text, seconds) => {
    expect(parseSince(text, now)).toBe(seconds);
  });

  test.each(['yesterday', '10 m', '', '2026-99-99'])('%j is refused', (text) => {
    expect(() => parseSince(text, now)).toThrow(InputError);
  });
});

describe('a service is found', () => {
  const services = ['stk_web', 'stk_api', 'stk_stk_web'].map((Name) => ({
    Spec: { Name },
    CreatedAt: '2026-01-01T00:00:00Z',
  }));
  test.each([
    ['web', 'stk_web'],
    ['stk_api', 'stk_api'],
    // The short name wins: a service may be called like another one in full.
    ['stk_web', 'stk_stk_web'],
  ])('by %s: %s', (wanted, name) => {
    expect(findServiceByName(wanted, services, 'stk').Spec.Name).toBe(name);
  });

  test.each([
    ['wep', services, 'did you mean "web"?'],
    ['database', services, 'its services are api, stk_web, web'],
    ['web', [], '`kawanan up` brings the stack up'],
  ])('not by %s', (wanted, known, next) => {
    try {
      findServiceByName(wanted, known, 'stk');
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      expect((error as UserError).next).toBe(next);
    }
  });
});

describe('the stack of a service', () => {
  const service = (Name: string) => ({ Spec: { Name, Labels: {} } });
  const stacks = [
    { name: 'shop', services: [service('shop_web'), service('shop_db')] },
    { name: 'blog', services: [service('blog_web'), service('blog_web.api')] },
  ];

  test.each([
    ['db', 'shop'],
    ['db.2', 'shop'],
    ['shop_web', 'shop'],
    ['blog_web.1', 'blog'],
    ['web.api', 'blog'],
  ])('%s is %s', (wanted, stack) => {
    expect(chooseStackOf(wanted, stacks)).toBe(stack);
  });

  test('is asked for where several have one of that name', () => {
    expect(() => chooseStackOf('web', stacks)).toThrow(InputError);
    expect(() => chooseStackOf('web', stacks)).toThrow('which web? The stacks shop and blog have one');
  });

  test('of a service that is nowhere is the only one, or none', () => {
    expect(chooseStackOf('dv', stacks.slice(0, 1))).toBe('shop');
    expect(() => chooseStackOf('dv', stacks)).toThrow('no stack of the cluster has a service "dv"');
  });
});
