import type Docker from 'dockerode';
import { expect, test } from 'vitest';
import { readOtherStacks } from '../../src/pipeline/deployed-stacks.ts';
import { describeRemovedStack } from '../../src/pipeline/inputs.ts';
import type { Host, Hosts } from '../../src/remote/host.ts';
import { buildCluster } from '../balancer/examples.ts';
import { makeService, makeSpec } from '../stack/builders.ts';

const stacks = ['blog', 'shop', 'stk'].map((name) => ({ name, files: [`/work/${name}.yml`] }));
const cluster = buildCluster({ stacks });
const going = (...names: string[]) =>
  stacks.filter(({ name }) => names.includes(name)).map(describeRemovedStack);

/** A manager whose swarm has services of `stk`, and no revision of any stack. */
const engine = {
  listNodes: async () => [],
  listConfigs: async () => [],
  listServices: async () => [makeService(makeSpec('web'))],
} as unknown as Docker;
const hosts: Hosts = {
  connect: async () => ({ engine: () => engine }) as unknown as Host,
  close: async () => {},
};

test('a stack is gone that has neither a revision nor services', async () => {
  expect(await readOtherStacks({ cluster, stacks: going('shop') }, hosts)).toEqual({
    used: [],
    gone: ['blog'],
  });
});

test('where all go nobody is asked', async () => {
  const nobody: Hosts = { ...hosts, connect: () => Promise.reject(new Error('nobody is asked')) };
  expect(await readOtherStacks({ cluster, stacks: going('blog', 'shop', 'stk') }, nobody)).toEqual({
    used: [],
    gone: [],
  });
});
