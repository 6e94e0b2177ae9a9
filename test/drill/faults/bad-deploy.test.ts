import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { addComposeFile } from '../../../src/drill/faults/bad-deploy.ts';

const shop = { name: 'shop', files: ['/home/a/compose.yml', '/home/a/more.yml'] };
const file = [...shop.files, '/tmp/bad.yml'];

test.each<[string, string, object]>([
  [
    'the one stack',
    'name: c\nstack: {name: shop, file: [compose.yml, more.yml], keep_revisions: 3}\nsecrets: secrets.yml\n',
    { name: 'c', stack: { name: 'shop', file, keep_revisions: 3 }, secrets: 'secrets.yml' },
  ],
  [
    'one of several, by its file',
    'stacks: {shop: compose.yml, blog: blog.yml}\n',
    { stacks: { shop: { file }, blog: 'blog.yml' } },
  ],
  [
    'one of several, with settings',
    'stacks: {shop: {file: [compose.yml, more.yml], keep_revisions: 3}}\n',
    { stacks: { shop: { file, keep_revisions: 3 } } },
  ],
  ['one of several, by a list', 'stacks: {shop: [compose.yml, more.yml]}\n', { stacks: { shop: { file } } }],
])('a compose file more: %s', (_name, text, expected) => {
  expect(parse(addComposeFile(text, shop, '/tmp/bad.yml'))).toEqual(expected);
});
