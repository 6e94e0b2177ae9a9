import { expect, test } from 'vitest';
import { isFileOrItsDraft } from '../../src/lab/down.ts';

test.each([
  ['secrets.yml', true],
  ['.secrets.yml.half', true],
  ['secrets.yml.1234.new', true],
  ['secrets.yml.bak', false],
  ['my-secrets.yml', false],
  ['.secrets.ymlx', false],
  ['notes.md', false],
])('takes %s for the secrets file or its draft: %s', (name, own) => {
  expect(isFileOrItsDraft(name, 'secrets.yml')).toBe(own);
});
