import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import {
  chooseStrategy,
  listLeaves,
  parseRotations,
  type SecretsSection,
} from '../../src/rotation/definition.ts';
import { makeDefinition, makeSpec } from '../stack/builders.ts';

function sectionOf(value: unknown): SecretsSection {
  const secrets = ['token', 'jwt', 'plain'];
  return makeDefinition([makeSpec('api'), makeSpec('checker')], {
    external: { networks: [], configs: [], secrets },
    secrets: [{ key: 'cert', spec: { Name: 'stk_cert' } }],
    xSecrets: { value, locate: (path) => ({ line: path.length }) },
  });
}

/** `path: message | next` of each problem. */
function problemsOf(value: unknown): string[] {
  try {
    parseRotations(sectionOf(value));
    return [];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.problems.map(({ path, message, next }) => `${path}: ${message}${next ? ` | ${next}` : ''}`);
  }
}

const exec = { strategy: 'exec', service: 'checker', prepare: ['add'] };

describe('x-secrets', () => {
  test('gives each secret its strategy, random where none is said', () => {
    const strategies = parseRotations(
      sectionOf({
        plain: {},
        jwt: { strategy: 'signing-key', lifetime: '12h' },
        token: { ...exec, leave: ['checker'] },
      }),
    );
    expect(strategies.map(({ name, secrets, overlapSeconds }) => [name, secrets, overlapSeconds])).toEqual([
      ['random', ['plain'], undefined],
      ['signing-key', ['jwt'], 43_200],
      ['exec', ['token'], undefined],
    ]);
    expect(listLeaves(strategies)).toEqual({ leaves: { token: ['checker'] } });
  });

  test('may be missing', () => {
    expect(parseRotations(makeDefinition([]))).toEqual([]);
  });

  test.each<[string, unknown, string[]]>([
    [
      'an unknown strategy',
      { jwt: { strategy: 'signing-keys' } },
      [
        'x-secrets.jwt.strategy: "signing-keys" is not one of random, value, signing-key, mysql-user, minio-access-key, exec | did you mean "signing-key"?',
      ],
    ],
    [
      'what is wrong with one beside what is wrong with another',
      { jwt: { strategy: 7 }, token: { ...exec, service: 'cheker' } },
      [
        'x-secrets.jwt.strategy: 7 is not one of random, value, signing-key, mysql-user, minio-access-key, exec',
        'x-secrets.token.service: there is no service "cheker" in the stack | did you mean "checker"?',
      ],
    ],
    [
      'an unknown key',
      { jwt: { strategy: 'signing-key', lifetime: '1h', lifetimes: '2h' } },
      ['x-secrets.jwt.lifetimes: unknown key "lifetimes" | did you mean "lifetime"?'],
    ],
    [
      'a strategy without what it needs',
      { jwt: { strategy: 'signing-key' }, token: { strategy: 'exec' } },
      [
        'x-secrets.jwt.lifetime: "lifetime" is missing',
        'x-secrets.token.service: "service" is missing',
        'x-secrets.token.prepare: "prepare" is missing',
      ],
    ],
    [
      'a duration that is none',
      { jwt: { strategy: 'signing-key', lifetime: '12 hours' } },
      ['x-secrets.jwt.lifetime: a duration is a number with s, m, h or d, such as 12h'],
    ],
    [
      'a secret that the stack has not',
      { tokn: { strategy: 'value' } },
      ['x-secrets.tokn: the stack has no external secret "tokn" | did you mean "token"?'],
    ],
    [
      'a secret of the compose file itself',
      { cert: {} },
      [
        'x-secrets.cert: cert comes from a file of the compose file: change the file and deploy | or write {external: true} for it and keep its value in the secrets file',
      ],
    ],
    [
      'services that do not exist',
      { token: { ...exec, service: 'cheker', leave: ['app'] } },
      [
        'x-secrets.token.service: there is no service "cheker" in the stack | did you mean "checker"?',
        'x-secrets.token.leave: there is no service "app" in the stack | did you mean "api"?',
      ],
    ],
    [
      'a generated value that is too short',
      { plain: { generate: { length: 4 } } },
      ['x-secrets.plain.generate.length: a generated value has at least 8 characters'],
    ],
    ['no mapping', ['plain'], ['x-secrets: a mapping of keys expected, not a list']],
  ])('reports %s', (_name, value, problems) => {
    expect(problemsOf(value)).toEqual(problems);
  });
});

describe('a secret that x-secrets does not name', () => {
  test('is rotated to a random value', () => {
    expect(chooseStrategy('plain', [], sectionOf({})).name).toBe('random');
  });

  test('must be one of the stack', () => {
    expect(() => chooseStrategy('plian', [], sectionOf({}))).toThrow(/no external secret "plian"/);
  });
});
