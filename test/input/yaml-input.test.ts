import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { InputError, Problem } from '../../src/errors.ts';
import { checkInput } from '../../src/input/schema-problems.ts';
import { parseYamlInput, readYaml } from '../../src/input/yaml-input.ts';

const schema = z.strictObject({
  name: z.string(),
  size: z.enum(['small', 'large']).optional(),
  list: z.array(z.strictObject({ port: z.int() })).optional(),
  items: z
    .record(
      z.string().regex(/^[a-z]+$/, 'a name has small letters only'),
      z.strictObject({ address: z.string() }),
    )
    .optional(),
  either: z.union([z.string(), z.strictObject({ path: z.string(), mode: z.int().optional() })]).optional(),
});

function problemsOf(text: string): Problem[] {
  try {
    parseYamlInput(text, 'a.yml', schema);
  } catch (error) {
    return (error as InputError).problems;
  }
  throw new Error('was accepted');
}

test('reports every problem at once, each with its place and what to do', () => {
  const text = `name: 12
size: smal
list:
  - {port: x}
items:
  Bad: {address: a}
  good: {adress: b}
either: {path: a, mdoe: 1}
nmae: again
`;
  expect(problemsOf(text)).toEqual([
    {
      file: 'a.yml',
      line: 1,
      column: 7,
      path: 'name',
      message: 'text expected, not 12',
      next: 'put it in quotes: "12"',
    },
    {
      file: 'a.yml',
      line: 2,
      column: 7,
      path: 'size',
      message: '"smal" is not one of small, large',
      next: 'did you mean "small"?',
    },
    { file: 'a.yml', line: 4, column: 12, path: 'list[0].port', message: 'a number expected, not "x"' },
    { file: 'a.yml', line: 6, column: 3, path: 'items.Bad', message: 'a name has small letters only' },
    { file: 'a.yml', line: 7, column: 9, path: 'items.good.address', message: '"address" is missing' },
    {
      file: 'a.yml',
      line: 7,
      column: 10,
      path: 'items.good.adress',
      message: 'unknown key "adress"',
      next: 'did you mean "address"?',
    },
    {
      file: 'a.yml',
      line: 8,
      column: 19,
      path: 'either.mdoe',
      message: 'unknown key "mdoe"',
      next: 'did you mean "mode"?',
    },
    {
      file: 'a.yml',
      line: 9,
      column: 1,
      path: 'nmae',
      message: 'unknown key "nmae"',
      next: 'did you mean "name"?',
    },
  ]);
});

test('a key that resembles none names them all', () => {
  expect(problemsOf('name: a\nzzzzzzzz: 1')[0]?.next).toBe('known here: name, size, list, items, either');
});

test('a value of no allowed type says what is allowed', () => {
  expect(problemsOf('name: a\neither: [1]')).toEqual([
    {
      file: 'a.yml',
      line: 2,
      column: 9,
      path: 'either',
      message: 'text or a mapping of keys expected, not a list',
    },
  ]);
});

const limits = z.strictObject({
  keep: z.int().max(100).optional(),
  path: z.string().min(1, 'a path is empty').optional(),
  choice: z
    .union([z.literal(false), z.strictObject({ rate: z.int().min(1), gap: z.string().optional() })])
    .optional(),
  named: z
    .record(z.string().regex(/^[a-z]+$/, 'small letters only'), z.strictObject({ port: z.int() }))
    .optional(),
});

test.each([
  ['keep: 101', 'keep: at most 100 is allowed here'],
  ['path: []', 'path: text expected, not a list'],
  ['path: ""', 'path: a path is empty'],
  ['choice: {rate: 0, gap: 5}', 'choice.rate: at least 1 is wanted here', 'choice.gap: text expected, not 5'],
  ['choice: true', 'choice: false or a mapping of keys expected, not true'],
  ['named: {A: {port: x}}', 'named.A: small letters only', 'named.A.port: a number expected, not "x"'],
])('%s', (text, ...expected) => {
  const { raw, locate } = readYaml(text, 'a.yml');
  const { problems } = checkInput(raw, limits, { file: 'a.yml', locate });
  expect(problems.map(({ path, message }) => `${path}: ${message}`)).toEqual(expected);
});

test('an empty file lacks what is required', () => {
  expect(problemsOf('')[0]?.message).toBe('a mapping of keys expected, not nothing');
});

describe('broken YAML is explained with its line', () => {
  test.each([
    [
      'a: 1\nb: *c\n',
      {
        line: 2,
        column: 4,
        message: 'there is no anchor &c above this alias',
        next: 'put the text in quotes where none is meant: "*c"',
      },
    ],
    [
      `a: &a [${'x, '.repeat(20)}]\nb: &b [${'*a, '.repeat(20)}]\nc: [${'*b, '.repeat(20)}]\n`,
      {
        line: 3,
        column: 81,
        message: 'the file grows out of bounds by its aliases (*name)',
        next: 'write the repeated part out, or nest fewer aliases',
      },
    ],
    [
      'a:\n\tb: 1\n',
      {
        line: 2,
        column: 1,
        message: 'a tab at the start of a line',
        next: 'YAML is indented with spaces: replace the tab',
      },
    ],
    [
      'a: 1\n \tb: 1\n',
      {
        line: 2,
        column: 2,
        message: 'a tab at the start of a line',
        next: 'YAML is indented with spaces: replace the tab',
      },
    ],
    [
      'a: 1\n  b: 2\n',
      {
        line: 1,
        column: 4,
        message: 'the lines after this one are indented too deep',
        next: 'line them up with their neighbours',
      },
    ],
    [
      'a: 1\nb: 2\na: 3\n',
      { line: 3, column: 1, message: 'the key "a" stands here a second time', next: 'keep one of the two' },
    ],
    [
      'a: b: c\n',
      {
        line: 1,
        column: 4,
        message: 'a second ": " in one line',
        next: 'put the value in quotes, or start a new line',
      },
    ],
    [
      'a: 1\n---\nb: 1\n',
      {
        line: 2,
        column: 1,
        message: 'a second document starts here ("---")',
        next: 'keep one document in the file',
      },
    ],
  ])('%j', (text, problem) => {
    const [found, ...more] = readYaml(text, 'a.yml').problems;
    expect(more).toEqual([]);
    expect(found).toEqual({ file: 'a.yml', ...problem });
  });

  test('an unclosed bracket and an unknown alias', () => {
    expect(readYaml('a: [1, 2\nb: 1', 'a.yml').problems).not.toEqual([]);
    expect(readYaml('a: *x', 'a.yml').problems[0]?.message).toContain('alias');
  });
});

test('values of merged anchors are read', () => {
  const text = 'x: &x {port: 1}\ny: {<<: *x, b: 2}';
  expect(readYaml(text, 'a.yml').raw).toEqual({ x: { port: 1 }, y: { port: 1, b: 2 } });
});

test('locate finds keys, values, and the nearest place around what is not written', () => {
  const { locate } = readYaml('a:\n  b: [1,\n    two]\n  c:\n', 'a.yml');
  expect(locate(['a', 'b', 1])).toEqual({ line: 3, column: 5 });
  expect(locate(['a', 'b'], 'key')).toEqual({ line: 2, column: 3 });
  expect(locate(['a', 'b'])).toEqual({ line: 2, column: 6 });
  expect(locate(['a', 'c'])).toEqual({ line: 4, column: 3 });
  expect(locate(['a', 'zz', 'y'])).toEqual({ line: 2, column: 3 });
});

test('a section of a document is checked with paths of the whole document', () => {
  const { raw, locate } = readYaml('top:\n  nme: 1\n', 'c.yml');
  const section = (raw as { top: unknown }).top;
  expect(
    checkInput(section, z.strictObject({ name: z.int().optional() }), { file: 'c.yml', locate, at: ['top'] })
      .problems,
  ).toEqual([
    {
      file: 'c.yml',
      line: 2,
      column: 3,
      path: 'top.nme',
      message: 'unknown key "nme"',
      next: 'did you mean "name"?',
    },
  ]);
});
