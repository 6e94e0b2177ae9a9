import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parseCluster } from '../../../src/cluster/parse-cluster.ts';
import { loadStack } from '../../../src/stack/compose/load-stack.ts';
import { lintCodes, refusalCodes } from '../../../src/stack/lint/lint.ts';
import { lintPlacement } from '../../../src/stack/lint/lint-placement.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const cluster = parseCluster(
  [
    'name: c',
    'nodes:',
    '  m: {address: 198.18.0.2, role: manager}',
    '  w1: {address: 198.18.0.3, role: worker}',
    '  w2: {address: 198.18.0.4, role: worker}',
    '',
  ].join('\n'),
  '/f/cluster.yml',
  { home: '/root' },
);

it('finds every mistake of a stack that was brought from single machines', async () => {
  const file = path.join(root, 'test/fixtures/compose/mistakes.yml');
  const stack = await loadStack([file], { name: 's', variables: {} });
  const { lints = [] } = lintPlacement(stack, cluster);
  expect(lints.map((lint) => `${lint.code} ${lint.path} ${lint.line}`).sort()).toEqual([
    'bind-mount-unpinned services.setup.volumes.1 33',
    'ignored-key services.setup.container_name 32',
    'image-not-pinned services.page.image 8',
    'image-not-pinned services.store1.image 13',
    'ingress-port services.page.ports 9',
    'ingress-port services.store1.ports 15',
    'ingress-port services.store2.ports 24',
    'local-volume-unpinned services.store2.volumes.0 25',
    'monitor-too-short services.database.deploy.update_config.monitor 39',
    'published-port-unheard services.store2.ports 24',
    'relative-bind-mount services.setup.volumes.0 33',
    'replicas-share-nodes services.page.deploy.replicas 10',
    'restart-key services.setup.restart 31',
    'stateful-without-volume services.database.image 37',
    'unused-config configs.old 43',
    'unused-secret secrets.forgotten 42',
  ]);
  expect(new Set(lints.map(({ code }) => code))).toEqual(new Set(Object.keys(lintCodes)));
  for (const lint of lints) expect(Object.values(lint)).not.toContain('');
});

it('has every code on the page about lints', () => {
  const page = readFileSync(path.join(root, 'docs/lints.md'), 'utf8');
  const headings = [...page.matchAll(/^### `([a-z-]+)`$/gm)].map((match) => match[1]);
  expect(headings.sort()).toEqual([...Object.keys(lintCodes), ...Object.keys(refusalCodes)].sort());
});
