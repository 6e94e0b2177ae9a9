import { describe, expect, test } from 'vitest';
import { parseDockerIgnore } from '../../src/images/docker-ignore.ts';

// Answers of moby/patternmatcher, MatchesOrParentMatches.
const cases: { ignore: string; ignored: string[]; kept: string[] }[] = [
  { ignore: '', ignored: [], kept: ['a'] },
  { ignore: '# only a comment\n\n   \n', ignored: [], kept: ['# only a comment', 'a'] },
  {
    ignore: 'node_modules',
    ignored: ['node_modules', 'node_modules/a/b'],
    kept: ['sub/node_modules', 'node_modules2'],
  },
  { ignore: '/node_modules/', ignored: ['node_modules', 'node_modules/a'], kept: ['sub/node_modules'] },
  { ignore: './a/../b', ignored: ['b', 'b/c'], kept: ['a'] },
  { ignore: '*.pyc', ignored: ['a.pyc', '.pyc'], kept: ['sub/a.pyc', 'a.py'] },
  { ignore: '**/*.pyc', ignored: ['a.pyc', 'sub/a.pyc', 'a/b/c.pyc'], kept: ['a.py'] },
  { ignore: '**/cache', ignored: ['cache', 'a/cache', 'a/b/cache/x'], kept: ['mycache', 'cache2'] },
  { ignore: '**cache', ignored: ['cache', 'mycache', 'a/cache'], kept: ['cache2'] },
  { ignore: 'docs/**', ignored: ['docs/a', 'docs/a/b'], kept: ['docs', 'docs2/a'] },
  { ignore: 'docs/**/*.md', ignored: ['docs/a.md', 'docs/x/y/a.md'], kept: ['a.md', 'docs/a.txt'] },
  { ignore: '*/temp*', ignored: ['a/temporary.txt', 'a/temp/x'], kept: ['temp', 'a/b/temp'] },
  { ignore: 'temp?', ignored: ['tempa', 'temp1/x'], kept: ['temp', 'tempab', 'temp/x'] },
  { ignore: '[a-c].txt', ignored: ['a.txt', 'c.txt'], kept: ['d.txt', '[a-c].txt'] },
  { ignore: 'a.b(c)+{d}$', ignored: ['a.b(c)+{d}$'], kept: ['axb(c)+{d}$'] },
  { ignore: '\\*.txt', ignored: ['*.txt'], kept: ['a.txt'] },
  { ignore: '*\n!README.md', ignored: ['a', 'a/README.md'], kept: ['README.md'] },
  {
    ignore: '*.md\n!README*.md\nREADME-secret.md',
    ignored: ['a.md', 'README-secret.md'],
    kept: ['README-1.md'],
  },
  {
    ignore: '*.md\nREADME-secret.md\n!README*.md',
    ignored: ['a.md'],
    kept: ['README-secret.md', 'README.md'],
  },
  { ignore: 'dir\n!dir/keep', ignored: ['dir', 'dir/a'], kept: ['dir/keep', 'dir/keep/below'] },
  { ignore: '\uFEFFa\r\nb\r\n', ignored: ['a', 'b'], kept: ['c'] },
  { ignore: '.', ignored: [], kept: ['a'] },
  { ignore: '  spaced  \n! spaced/in', ignored: ['spaced'], kept: ['spaced/in'] },
];

describe('a .dockerignore', () => {
  test.each(cases)('$ignore', ({ ignore, ignored, kept }) => {
    const rules = parseDockerIgnore(ignore);
    const judged = [...ignored, ...kept].map((path) => [path, rules.ignores(path)]);
    expect(judged).toEqual([...ignored.map((path) => [path, true]), ...kept.map((path) => [path, false])]);
  });

  test.each([
    ['a\n!', 'line 2: "!" alone is no pattern'],
    ['a[b', 'line 1: "a[b" is not a pattern'],
  ])('%j is refused', (text, message) => {
    expect(() => parseDockerIgnore(text)).toThrow(message);
  });
});
