import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { InputError } from '../../src/errors.ts';
import { parseSecretsFile } from '../../src/secrets/secrets-file.ts';
import { replaceEntries } from '../../src/secrets/set-entries.ts';

const sources = (text: string): Record<string, unknown> =>
  Object.fromEntries(parseSecretsFile(text, 'secrets.yml').map(({ name, source }) => [name, source]));

function problemsOf(text: string): string[] {
  try {
    parseSecretsFile(text, 'secrets.yml');
    return [];
  } catch (error) {
    return (error as InputError).problems.map(
      ({ line, column, path, message, next }) =>
        `${line}:${column} ${path ?? ''}: ${message}${next === undefined ? '' : ` → ${next}`}`,
    );
  }
}

describe('an entry', () => {
  test.each([
    ['a: text', { from: 'value', text: 'text' }],
    ['a: 0123', { from: 'value', text: '0123' }],
    ['a: 1e3', { from: 'value', text: '1e3' }],
    ['a: 3306 # why', { from: 'value', text: '3306' }],
    ['a: yes', { from: 'value', text: 'yes' }],
    ['a: True', { from: 'value', text: 'True' }],
    ['a: 0x1F', { from: 'value', text: '0x1F' }],
    ["a: 'it''s # here'", { from: 'value', text: "it's # here" }],
    ['a: "tab\\there"', { from: 'value', text: 'tab\there' }],
    ['a: |\n  two\n  lines\n', { from: 'value', text: 'two\nlines\n' }],
    ['a: {value: 007}', { from: 'value', text: '007' }],
    ['a: {value: generate}', { from: 'value', text: 'generate' }],
    ['a: generate', { from: 'generate', length: 32, charset: 'alphanumeric' }],
    ['a: {generate: true}', { from: 'generate', length: 32, charset: 'alphanumeric' }],
    ['a:\n  generate:\n    length: 8\n    charset: hex', { from: 'generate', length: 8, charset: 'hex' }],
    ['a: {file: ./x}', { from: 'file', path: './x' }],
    ['a: {env: NAME}', { from: 'env', name: 'NAME' }],
    ['a: {command: [pass, show, x]}', { from: 'command', argv: ['pass', 'show', 'x'] }],
    ['a: {template: "${X}"}', { from: 'template', text: '${X}' }],
  ])('%s', (text, source) => {
    expect(sources(text)).toEqual({ a: source });
  });

  test('of an empty file there is none', () => {
    expect([sources(''), sources('# nothing yet\n')]).toEqual([{}, {}]);
  });
});

describe('what is wrong', () => {
  const look = '→ docs/secrets.md tells what may stand here, secrets.example shows it';

  test('is reported all at once, with its place and the nearest word', () => {
    const text = [
      'a: {fiel: x}',
      'b: {generate: {lenght: 4}}',
      'c: {generate: {length: 4, charset: hexx}}',
      'd:',
      'e: [1]',
      'f: {command: []}',
      'g: {env: 1abc}',
      '-bad: x',
    ].join('\n');
    expect(problemsOf(text)).toEqual([
      '1:5 a.fiel: unknown key "fiel" → did you mean "file"?',
      '2:16 b.generate.lenght: unknown key "lenght" → did you mean "length"?',
      `3:24 c.generate.length: a generated value has at least 8 characters ${look}`,
      '3:36 c.generate.charset: what is written here is not one of alphanumeric, hex, digits, symbols → did you mean "hex"?',
      `4:1 d: text or a number or true or false or a mapping of keys expected, not nothing ${look}`,
      `5:4 e: text or a number or true or false or a mapping of keys expected, not a list ${look}`,
      `6:14 f.command: a program is wanted ${look}`,
      `7:10 g.env: this is no name of an environment variable ${look}`,
      `8:1 -bad: the name of a secret has letters, digits and - _ . between them ${look}`,
    ]);
  });

  const marker = 'hunter2';
  test.each([
    `a: @${marker}`,
    `a: *${marker}`,
    `a: !${marker} x`,
    `a: %${marker}`,
    `a: &${marker}`,
    `a: "${marker}`,
    `a: '${marker}' ${marker}`,
    `a: {${marker}}`,
    `a: [${marker}]`,
    `a: {generate: ${marker}}`,
    `a: {generate: {length: ${marker}}}`,
    `a: {generate: {charset: ${marker}}}`,
    `a: {file: [${marker}]}`,
    `a: {env: "1 ${marker}"}`,
    `a: {command: ${marker}}`,
    `a: {command: [{x: ${marker}}]}`,
    `a: {value: {x: ${marker}}}`,
    `a: x: ${marker}`,
    `a: {template: 1.5, value: ${marker}}`,
    `${marker}`,
    `- ${marker}`,
  ])('is said without what is written there: %s', (text) => {
    const said = problemsOf(text).join('\n');
    expect(said).not.toBe('');
    expect(said).not.toContain(marker);
  });

  test('is a value of which YAML would take a part for its own', () => {
    const next = "→ a value that begins so is put between single quotes: '…'";
    expect(problemsOf('a: &x generate\nb: *x\nc: !x y\nd: {value: !x y}\n')).toEqual([
      `1:7 a: YAML takes this for an anchor (&) ${next}`,
      `2:4 b: YAML takes this for an alias (*) ${next}`,
      `3:7 c: YAML takes this for a tag (!) ${next}`,
      `4:4 d: YAML takes this for a tag (!) ${next}`,
    ]);
  });

  test('is more than one source, or none', () => {
    const message = 'exactly one of value, age, generate, file, env, command, template is wanted here';
    expect(problemsOf('a: {file: x, env: Y}\nb: {}\nc: {generate: false}\nd: {value: false}\n')).toEqual(
      ['1:4 a', '2:4 b', '3:4 c'].map((place) => `${place}: ${message} ${look}`),
    );
  });
});

describe('values are put in', () => {
  test('in the place of entries, and nothing else changes', () => {
    const text = [
      '# head',
      'a:   generate   # keep',
      "b: 'left'",
      'c: {generate: {length: 9}} # keep too',
      'd:',
      '  # inside',
      '  generate:',
      '    length: 8',
      '',
      '# tail',
      'e: "generate"',
    ].join('\r\n');
    const values = new Map([...'acde'].map((name) => [name, `value-${name}`]));
    expect(replaceEntries(text, 's.yml', values).split('\r\n')).toEqual([
      '# head',
      'a:   "value-a"   # keep',
      "b: 'left'",
      'c: "value-c" # keep too',
      'd:',
      '  # inside',
      '  "value-d"',
      '',
      '# tail',
      'e: "value-e"',
    ]);
  });

  test('and read back as they were, whatever is in them', () => {
    const value = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => text !== 'generate');
    fc.assert(
      fc.property(value, value, (one, other) => {
        const values = new Map([
          ['a', one],
          ['b', other],
        ]);
        const replaced = replaceEntries('a: generate\nb: {generate: true}\nc: 1\n', 's.yml', values);
        expect(sources(replaced)).toEqual({
          a: { from: 'value', text: one },
          b: { from: 'value', text: other },
          c: { from: 'value', text: '1' },
        });
      }),
    );
  });
});
