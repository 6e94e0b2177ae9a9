import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { clusterSchema } from '../../src/cluster/cluster-schema.ts';
import { parseCluster } from '../../src/cluster/parse-cluster.ts';

const root = new URL('../../', import.meta.url);
const pages = [
  'README.md',
  ...readdirSync(new URL('docs/', root))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** The YAML of a page that is a whole cluster file. */
const examples = pages.flatMap((page) => {
  const text = readFileSync(new URL(page, root), 'utf8');
  const blocks = [...text.matchAll(/```ya?ml\n(.*?)```/gs)].map(([, block = '']) => block);
  return blocks
    .filter((block) => /^name:/m.test(block) && /^nodes:/m.test(block))
    .map((block, index) => ({ page, index, block }));
});

describe('every cluster file in the documentation is sound', () => {
  test.each(examples)('$page, example $index', ({ page, block }) => {
    expect(parseCluster(block, `/${page}`, { home: '/root' }).warnings).toEqual([]);
  });
});

test('the page on the cluster file has an example, and names every key', () => {
  expect(examples.map(({ page }) => page)).toContain('docs/cluster-file.md');
  const page = readFileSync(new URL('docs/cluster-file.md', root), 'utf8');
  for (const key of Object.keys(clusterSchema.shape)) expect(page).toContain(`\`${key}`);
});
