import { describe, expect, test } from 'vitest';
import { promoteNext, removeEntries } from '../../src/secrets/pending-values.ts';

const file = '/app/secrets.yml';

describe('promoting a value that comes', () => {
  test('keeps the one that goes, and everything else as it is written', () => {
    const text = '# top\ntoken: old # mine\nport: 3306\n\n# end\ntoken.next: "new"\n';
    expect(promoteNext(text, file, ['token'])).toBe(
      '# top\ntoken: "new" # mine\nport: 3306\n\n# end\ntoken.previous: "old"\n',
    );
  });

  test('moves encrypted values as they are', () => {
    const text = 'token: {age: b2xk}\ntoken.next: {age: bmV3}\nrecipients:\n  - age1abc # anna\n';
    expect(promoteNext(text, file, ['token'])).toBe(
      'token: {age: bmV3}\nrecipients:\n  - age1abc # anna\ntoken.previous: {age: b2xk}\n',
    );
  });

  test('makes an entry where there was none', () => {
    expect(promoteNext('token.next: new\n', file, ['token'])).toBe('token: "new"\n');
  });

  test('twice is once', () => {
    const once = promoteNext('token: old\ntoken.next: new\n', file, ['token']);
    expect(promoteNext(once, file, ['token'])).toBe(once);
  });
});

describe('removing entries', () => {
  test.each([
    ['one of several', 'a: 1\nb: 2 # two\nc: 3\n', ['b'], 'a: 1\nc: 3\n'],
    ['the last, without a newline', 'a: 1\nb: 2', ['b'], 'a: 1\n'],
    ['a mapping in block style', 'a:\n  generate:\n    length: 20\nb: 2\n', ['a'], 'b: 2\n'],
    ['all', 'a: 1\nb: 2\n', ['a', 'b'], ''],
    ['none that is there', 'a: 1\n', ['z'], 'a: 1\n'],
    ['one between quotes', '"a": "x: y"\nb: 2\n', ['a'], 'b: 2\n'],
  ])('takes out %s', (_name, text, names, left) => {
    expect(removeEntries(text, file, names)).toBe(left);
  });

  test('refuses a file where something else would go with it', () => {
    expect(() => removeEntries('{a: 1, b: 2}\n', file, ['a'])).toThrow(/no entry can be taken out/);
  });
});
