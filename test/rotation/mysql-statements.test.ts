import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  chooseLoginMethods,
  classifyServer,
  hashNatively,
  parseLoginMethods,
  quoteText,
  renderDiscard,
  renderLoginMethods,
  renderOnly,
  renderOptionFile,
  renderRetain,
} from '../../src/rotation/strategies/mysql-statements.ts';
import { anyText } from '../any-text.ts';

const account = { user: 'sirip_hiu', host: '%' };

describe('a server', () => {
  test.each([
    ['8.4.3', 'mysql'],
    ['8.0.14', 'mysql'],
    ['9.1.0-commercial', 'mysql'],
    ['8.0.13', 'too old'],
    ['5.7.44-log', 'too old'],
    ['11.8.3-MariaDB-0+deb13u1 from Debian', 'mariadb'],
    ['10.4.0-MariaDB', 'mariadb'],
    ['5.5.5-10.3.39-MariaDB', 'too old'],
    ['', 'too old'],
  ])('%s is %s', (version, kind) => expect(classifyServer(version).kind).toBe(kind));
});

test('quotes what a string of SQL must not hold as it is', () => {
  expect(quoteText(`a'b\\c\n\0`)).toBe(`'a\\'b\\\\c\\n\\0'`);
  expect(quoteText(`'; DROP TABLE x; --`)).toBe(`'\\'; DROP TABLE x; --'`);
});

test('quotes any text so that the string ends where it ends', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const inner = quoteText(text).slice(1, -1);
      expect(inner.replace(/\\./gs, '')).not.toMatch(/['\\\n\0]/);
    }),
  );
});

test('writes an option file whose values keep their blanks, hashes and backslashes', () => {
  expect(renderOptionFile('u', 'a #b\\n" ')).toBe('[client]\nuser="u"\npassword="a #b\\\\n" "\n');
});

// what MariaDB's PASSWORD() gives for these
test.each([
  ['new', '*6FE2B845E049CDA9EFED8CFAF265CD29622FD852'],
  ['old', '*CD02AC33DE7D3D2AFEDF5F2BAB51B07CDB499E79'],
])('hashes %s as MariaDB does', (password, hash) => expect(hashNatively(password)).toBe(hash));

const native = (password: string) => ({ plugin: 'mysql_native_password', using: hashNatively(password) });

describe('ways to log in on MariaDB', () => {
  test.each([
    [
      "CREATE USER `u`@`%` IDENTIFIED BY PASSWORD '*CD02AC33DE7D3D2AFEDF5F2BAB51B07CDB499E79'",
      [native('old')],
    ],
    [
      "CREATE USER `u`@`%` IDENTIFIED VIA mysql_native_password USING '*6FE2B845E049CDA9EFED8CFAF265CD29622FD852' OR mysql_native_password USING '*CD02AC33DE7D3D2AFEDF5F2BAB51B07CDB499E79' REQUIRE SSL",
      [native('new'), native('old')],
    ],
    [
      "CREATE USER `root`@`localhost` IDENTIFIED VIA mysql_native_password USING 'invalid' OR unix_socket",
      [{ plugin: 'mysql_native_password', using: 'invalid' }, { plugin: 'unix_socket' }],
    ],
    ["CREATE USER `u`@`%` IDENTIFIED VIA ed25519 USING 'x''y'", [{ plugin: 'ed25519', using: "x''y" }]],
    ['CREATE USER `u`@`%`', undefined],
  ])('%s', (statement, methods) => expect(parseLoginMethods(statement)).toEqual(methods));

  test('take a second password beside the first, once', () => {
    const both = [native('new'), native('old')];
    expect(chooseLoginMethods([native('old')], 'new', { only: false })).toEqual(both);
    expect(chooseLoginMethods(both, 'new', { only: false })).toEqual(both);
  });

  test('keep one password, and what looks at none', () => {
    const present = [native('new'), native('old'), { plugin: 'unix_socket' }];
    expect(chooseLoginMethods(present, 'new', { only: true })).toEqual([
      native('new'),
      { plugin: 'unix_socket' },
    ]);
  });

  test('are left alone where a password is of another kind', () => {
    expect(chooseLoginMethods([{ plugin: 'ed25519', using: 'x' }], 'new', { only: false })).toBeUndefined();
  });

  test('are set without the password itself', () => {
    expect(renderLoginMethods(account, [native('new'), native('old'), { plugin: 'unix_socket' }])).toBe(
      "ALTER USER 'sirip_hiu'@'%' IDENTIFIED VIA mysql_native_password USING '*6FE2B845E049CDA9EFED8CFAF265CD29622FD852' OR mysql_native_password USING '*CD02AC33DE7D3D2AFEDF5F2BAB51B07CDB499E79' OR unix_socket;",
    );
  });
});

test('says to MySQL what keeps, ends and undoes a second password', () => {
  expect([renderRetain(account, "n'w"), renderDiscard(account), renderOnly(account, 'old')]).toEqual([
    "ALTER USER 'sirip_hiu'@'%' IDENTIFIED BY 'n\\'w' RETAIN CURRENT PASSWORD;",
    "ALTER USER 'sirip_hiu'@'%' DISCARD OLD PASSWORD;",
    "ALTER USER 'sirip_hiu'@'%' IDENTIFIED BY 'old';\nALTER USER 'sirip_hiu'@'%' DISCARD OLD PASSWORD;",
  ]);
});
