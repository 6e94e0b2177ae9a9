import { describe, expect, test } from 'vitest';
import { findKeptLogin } from '../../src/registry/docker-config.ts';
import { nameRegistry, splitDomain } from '../../src/registry/image-domain.ts';

const auth = (text: string): string => Buffer.from(text).toString('base64');

function find(config: unknown, registry: string): unknown {
  const { account, helper } = findKeptLogin(JSON.stringify(config), registry);
  return { ...(account && { account: JSON.parse(account.reveal().toString()) }), ...(helper && { helper }) };
}

test.each([
  ['nginx', 'https://index.docker.io/v1/'],
  ['docker.io/library/nginx:1', 'https://index.docker.io/v1/'],
  ['index.docker.io/own/app', 'https://index.docker.io/v1/'],
  ['own/app', 'https://index.docker.io/v1/'],
  ['registry.example/own/app:1@sha256:0', 'registry.example'],
  ['localhost/app', 'localhost'],
  ['198.18.0.13:5000/app', '198.18.0.13:5000'],
  ['Upper/app', 'Upper'],
])('%s is of the registry %s', (image, registry) => {
  expect(nameRegistry(image)).toBe(registry);
});

test('a name of one word on Docker Hub is of its library', () => {
  expect(splitDomain('nginx:1')).toEqual({ host: 'docker.io', path: 'library/nginx:1' });
});

describe('what docker login keeps', () => {
  const hub = 'https://index.docker.io/v1/';
  const table: [string, unknown, string, unknown][] = [
    ['nothing', {}, 'r', {}],
    [
      'name and password in one',
      { auths: { r: { auth: auth('ani:pass:word') } } },
      'r',
      { account: { username: 'ani', password: 'pass:word', serveraddress: 'r' } },
    ],
    [
      'name and password apart',
      { auths: { r: { username: 'ani', password: 'x' } } },
      'r',
      { account: { username: 'ani', password: 'x', serveraddress: 'r' } },
    ],
    [
      'a token',
      { auths: { [hub]: { auth: auth('ani:'), identitytoken: 'token' } } },
      hub,
      { account: { username: 'ani', identitytoken: 'token', serveraddress: hub } },
    ],
    [
      'an address, as older clients wrote it',
      { auths: { 'https://r:5000/v1/': { auth: auth('a:b') } } },
      'r:5000',
      { account: { username: 'a', password: 'b', serveraddress: 'https://r:5000/v1/' } },
    ],
    ['another registry', { auths: { 'r:5000': { auth: auth('a:b') } } }, 'r', {}],
    ['an entry that a helper left', { auths: { r: {} }, credsStore: 'pass' }, 'r', { helper: 'pass' }],
    [
      'a helper of its own',
      { credsStore: 'pass', credHelpers: { r: 'ecr-login' } },
      'r',
      { helper: 'ecr-login' },
    ],
    ['a helper of another', { credHelpers: { q: 'ecr-login' } }, 'r', {}],
  ];
  test.each(table)('%s', (_, config, registry, expected) => {
    expect(find(config, registry)).toEqual(expected);
  });

  test.each([
    ['text that is no JSON', 'pass{word', 'it is no JSON'],
    ['a list', '[]', 'it is not of the form that `docker login` writes'],
    ['a list of logins', '{"auths": []}', 'it is not of the form that `docker login` writes'],
    [
      'a login that is a text',
      '{"auths": {"r": "password"}}',
      'it is not of the form that `docker login` writes',
    ],
    [
      'a login without a colon',
      `{"auths": {"r": {"auth": "${auth('password')}"}}}`,
      'auth of r is not the base64 of NAME:PASSWORD',
    ],
    ['a helper with a path', '{"credsStore": "../x"}', 'the name of the credential helper of r is none'],
  ])('%s is refused without a word of it', (_, text, message) => {
    expect(() => findKeptLogin(text, 'r')).toThrow(new Error(message));
  });
});
