import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
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

/** As links name them. */
function listHeadings(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8').replaceAll(/```[\s\S]*?```/g, '');
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

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
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
    const local = links.filter((link) => !/^[a-z]+:/.test(link));
    const isDead = (link: string): boolean => {
      const [path = '', heading] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(root, target))) return true;
      return heading !== undefined && !listHeadings(target).includes(heading);
    };
    expect(local.filter(isDead)).toEqual([]);
  });
});

test('secrets.example can be read', () => {
  const text = readFileSync(join(root, 'secrets.example'), 'utf8');
  expect(parseSecretsFile(text, 'secrets.example').length).toBeGreaterThanOrEqual(17);
});

/** What a page says to type: each inline code, each line of a block, without the comment behind it. */
function listTyped(text: string): string[] {
  const code = [...text.matchAll(/```[a-z]*\n([\s\S]*?)```|`([^`\n]+)`/g)];
  return code
    .flatMap(([, block, inline]) => (block ?? inline!).split('\n'))
    .flatMap((line) => line.replace(/\s#.*| {3,}.*/, '').match(/(?<![/\w])kawanan .*/g) ?? []);
}

/** The command of these words and the options behind it that it hasn't. */
function findUnknown(typed: string, commands: Map<string, Command>): string[] {
  const words = typed.split(/[\s,;:()[\]…]+/).filter(Boolean);
  const known = commands.get(words[1] ?? '');
  if (!known) return /^[a-z]/.test(words[1] ?? '') ? [`${words[1]}`] : [];
  const alternatives = (words[2] ?? '').split('|');
  const subs = known.commands.filter((one) => alternatives.includes(one.name()));
  const isFamily = known.commands.length > 0 && /^[a-z]/.test(words[2] ?? '');
  if (isFamily && subs.length < alternatives.length) return [`${words[1]} ${words[2]}`];
  const end = words.indexOf('--');
  const options = words.slice(2, end < 0 ? undefined : end).filter((word) => /^--[a-z]/.test(word));
  return options
    .flatMap((word) => word.split('|'))
    .filter((word) => ![known, ...subs].some(({ options }) => options.some((one) => one.long === word)))
    .map((word) => `${words[1]} ${words[2] ?? ''} ${word}`);
}

describe('what the pages say to type', async () => {
  const names = readdirSync(join(root, 'src/commands'))
    .filter((file) =>
      readFileOrNothing(join(root, 'src/commands', file)).includes('export function buildCommand'),
    )
    .map((file) => file.replace(/\.ts$/, ''));
  const commands = new Map<string, Command>();
  for (const name of names) {
    const { buildCommand } = await import(`../src/commands/${name}.ts`);
    commands.set(name, buildCommand({}));
  }

  test.each(pages)('$page', ({ text }) => {
    expect(listTyped(text).flatMap((typed) => findUnknown(typed, commands))).toEqual([]);
  });

  test('is found at all', () => {
    expect(pages.flatMap(({ text }) => listTyped(text)).length).toBeGreaterThan(100);
    expect(findUnknown('kawanan pln', commands)).toEqual(['pln']);
    expect(findUnknown('kawanan lab statsu', commands)).toEqual(['lab statsu']);
    expect(findUnknown('kawanan node drain NODE --ct', commands)).toEqual(['node drain --ct']);
  });
});

function readFileOrNothing(path: string): string {
  return path.endsWith('.ts') ? readFileSync(path, 'utf8') : '';
}
