import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { parseComposeYaml } from '../../../src/stack/compose/parse-yaml.ts';
import { printScalar, resolvePlainScalar } from '../../../src/stack/compose/yaml-scalar.ts';

describe('a plain scalar', () => {
  it.each([
    ['1.10', '1.1'],
    ['0755', '493'],
    ['0o755', '493'],
    ['0x1F', '31'],
    ['0b11', '3'],
    ['08', '8'],
    ['1_000', '1000'],
    ['123456789.0', '1.23456789e+08'],
    ['100000.0', '100000'],
    ['1000000.0', '1e+06'],
    ['0.0001', '0.0001'],
    ['0.00001', '1e-05'],
    ['-0.0', '-0'],
    ['12345678901234567890', '12345678901234567890'],
    ['1000000000000000000000', '1e+21'],
    ['yes', 'yes'],
    ['12:30:45', '12:30:45'],
    ['~', ''],
    ['2020-01-01', '2020-01-01 00:00:00 +0000 UTC'],
    ['2020-01-01T10:00:00+02:00', '2020-01-01 10:00:00 +0200 +0200'],
    ['2020-02-30', '2020-02-30'],
  ])('%s prints as %s', (text, printed) => expect(printScalar(resolvePlainScalar(text))).toBe(printed));
});

describe('a compose file as YAML', () => {
  const read = (text: string) => JSON.parse(JSON.stringify(parseComposeYaml(text, 'c.yml').root));
  const refuse = (text: string) => {
    try {
      parseComposeYaml(text, 'c.yml');
    } catch (error) {
      if (error instanceof InputError)
        return error.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
      throw error;
    }
    throw new Error('accepted');
  };

  it('lets written keys win over merged ones wherever they stand, and the first source over the others', () => {
    const text =
      'a: &a {x: one, y: one}\nb: &b {y: two, z: two}\nc:\n  x: own\n  <<: [*a, *b]\nd: {"<<": kept}\n';
    expect(read(text)).toMatchObject({
      c: { x: 'own', y: 'one', z: 'two' },
      d: { '<<': 'kept' },
    });
  });

  it('takes the last anchor of a name above an alias', () => {
    expect(read('a: &n one\nb: &n two\nc: *n\n').c).toBe('two');
  });

  it('reads the first document only', () => {
    expect(read('a: x\n---\nb: [\n')).toEqual({ a: 'x' });
  });

  it('keeps a key called __proto__ as a key', () => {
    expect(Object.keys(parseComposeYaml('__proto__: x\n', 'c.yml').root)).toEqual(['__proto__']);
  });

  it('knows where things stand, through aliases and for what is missing', () => {
    const { locate, has } = parseComposeYaml('x: &x\n  a: [p, q]\ny:\n  z: *x\n', 'c.yml');
    expect(locate(['y', 'z', 'a', 1])).toEqual({ line: 2, column: 10 });
    expect(locate(['y', 'nope'])).toEqual({ line: 3, column: 1 });
    expect([has(['y', 'z', 'a']), has(['y', 'nope'])]).toEqual([true, false]);
  });

  it.each([
    ['a: x\na: y\n', ['2:1 the key "a" is already there in line 1']],
    ['a:\n  <<: x\n', ['2:7 the merge key "<<" wants a mapping or a list of mappings']],
    [
      '1: x\ntrue: y\n',
      [
        '1:1 a key must be a string, this one is a number',
        '2:1 a key must be a string, this one is a boolean',
      ],
    ],
    ['a: *b\n', ['1:4 there is no anchor &b above this alias']],
    ['a: &a [*a]\n', ['1:8 the anchor &a contains itself']],
    ['a: .inf\n', ['1:4 .inf is not a number that can be used here']],
    ['a: !!int x\n', ['1:10 "x" can\'t be read as !!int']],
    ['a:\n\tb: x\n', ['2:1 a tab where YAML wants spaces']],
    ['- a\n', ['1:1 the file is not a mapping']],
    ['', ['undefined:undefined the file is empty']],
  ])('refuses %j', (text, problems) => expect(refuse(text)).toEqual(problems));

  it('refuses a file that its aliases would blow up', () => {
    const level = (name: string, of: string) =>
      `${name}: &${name} [${Array(10).fill(`*${of}`).join(', ')}]\n`;
    const text = `a: &a [x, x, x, x, x, x, x, x, x, x]\n${level('b', 'a')}${level('c', 'b')}${level('d', 'c')}${level('e', 'd')}`;
    expect(refuse(text)[0]).toContain('the file grows out of bounds by its aliases');
  });

  it('refuses a file nested deeper than can be read', () => {
    expect(refuse(`a: ${'['.repeat(20_000)}`)[0]).toContain('nested too deeply');
  });
});

describe('a file that goes on further to the left than our library wants it', () => {
  const problemsOf = (text: string): unknown => {
    try {
      parseComposeYaml(text, 'c.yml');
      return [];
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return error.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
    }
  };

  it('has its problems where they stand', () => {
    const text = 'services:\n  a: {image: i, command: [\nx,\n *no\n]}\n';
    expect(problemsOf(text)).toEqual(['4:2 there is no anchor &no above this alias']);
  });

  it('has the problems of the first reading where a bracket is never closed', () => {
    expect(problemsOf('a: [x\nb: c\n')).toEqual([
      '2:1 not valid YAML: flow sequence in block collection must be sufficiently indented and end with a ]',
    ]);
  });

  it('is given up where every line does', () => {
    expect(problemsOf(`a: {b: [\n${'x,\n'.repeat(1000)}y]}\n`)).toHaveLength(1);
  });

  it.each([
    ['%YAML 1.2\n---\na: b\n', "1:1 the line %YAML 1.2 can't be used here"],
    ['# c\n%YAML 1.1\n%YAML 1.1\n---\na: b\n', "3:1 the line %YAML 1.1 can't be used here"],
    ['a: "b\\/c"\n', '1:6 the escape \\/ is none in YAML 1.1'],
    ['a: &b.c d\n', '1:9 &b.c is no name for an anchor in YAML 1.1'],
    ['a: [?b]\n', '1:5 a text in brackets can\'t begin with "?"'],
    ['a: {b:}\n', '1:6 in brackets a colon needs a blank behind it'],
    ['a: |\n \tb\n', '2:2 a tab where YAML wants spaces'],
    ['a:\n-\tb\n', '2:2 a tab where YAML wants spaces'],
    ['a: !!binary b\n', '1:13 this is not base64'],
  ])('%j is refused, as the real command refuses it', (text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });
});
