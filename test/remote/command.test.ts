import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quoteWord, renderCommandLine } from '../../src/remote/command.ts';

/** Bytes of every kind, lone surrogates not among them: no argument can hold those. */
const anyText = fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes).toString('latin1'));

test('a shell reads back every quoted word as it was', () => {
  const words = fc.sample(anyText, 300).map((word) => word.replaceAll('\0', ''));
  const nasty = [
    '',
    ' ',
    "'",
    "''",
    '"',
    '$(id)',
    '`id`',
    '\\',
    "\\'",
    '!!',
    '*',
    '~',
    '#a',
    '-n',
    'a\nb',
    '\t',
    '{a,b}',
  ];
  const all = [...nasty, ...words];
  const line = `for word in ${all.map(quoteWord).join(' ')}; do printf '%s\\0' "$word"; done`;
  const read = execFileSync('sh', ['-c', line]).toString('utf8').split('\0').slice(0, -1);
  expect(read).toEqual(all.map((word) => Buffer.from(word).toString('utf8')));
});

test('a NUL byte is refused', () => {
  expect(() => quoteWord('a\0b')).toThrow('NUL');
});

test.each([
  [{ program: 'ls' }, 'root', 'ls'],
  [{ program: 'ls', asRoot: true }, 'root', 'ls'],
  [{ program: 'ls', args: ['a b'], asRoot: true }, 'ika', "sudo -n -- ls 'a b'"],
  [{ program: 'ls', args: ['-l'] }, 'ika', 'ls -l'],
  [{ program: 'ls', env: { A: 'x y' }, asRoot: true }, 'ika', "sudo -n -- env 'A=x y' ls"],
])('%j for %s is the line %s', (command, user, line) => {
  expect(renderCommandLine(command, user)).toBe(line);
});
