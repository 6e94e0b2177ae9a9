import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { balancerSchema } from '../src/balancer/schema.ts';
import { parseCluster } from '../src/cluster/parse-cluster.ts';
import { parseSecretsFile } from '../src/secrets/secrets-file.ts';

const root = join(import.meta.dirname, '..');
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
]
  .filter((page) => page.endsWith('.md'))
  .map((page) => ({ page, text: readFileSync(join(root, page), 'utf8') }));

const blocks = pages.flatMap(({ page, text }) =>
  [...text.matchAll(/```ya?ml\n([\s\S]*?)```/g)].map(([, yaml], index) => ({ page, index, yaml: yaml! })),
);

describe('the documentation', () => {
  test.each(blocks)('$page, YAML example $index is right', ({ page, yaml }) => {
    const value = parse(yaml, { merge: true });
    if (value?.nodes !== undefined) parseCluster(yaml, page, { home: '/home/user' });
    if (value?.['x-balancer'] !== undefined) balancerSchema.parse(value['x-balancer']);
  });

  test('shows at least one cluster file and one x-balancer', () => {
    expect(blocks.some(({ yaml }) => /^nodes:/m.test(yaml))).toBe(true);
    expect(blocks.some(({ yaml }) => /^x-balancer:/m.test(yaml))).toBe(true);
  });

  test.each(pages)('$page links only to what is there', ({ page, text }) => {
    const links = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, link]) => link!);
    const local = links.filter((link) => !/^[a-z]+:/.test(link));
    expect(local.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
  });
});

test('secrets.example can be read', () => {
  const text = readFileSync(join(root, 'secrets.example'), 'utf8');
  expect(parseSecretsFile(text, 'secrets.example').length).toBeGreaterThanOrEqual(17);
});

test('every command of the README is a command', () => {
  const readme = pages.find(({ page }) => page === 'README.md')!.text;
  const used = new Set([...readme.matchAll(/\.\/bin\/kawanan ([a-z]+)/g)].map(([, name]) => name!));
  const known = readdirSync(join(root, 'src/commands')).map((file) => file.replace(/\.ts$/, ''));
  expect(used.size).toBeGreaterThan(4);
  expect([...used].filter((name) => !known.includes(name))).toEqual([]);
});
