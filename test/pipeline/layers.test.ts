import { expect, test } from 'vitest';
import { createLayers } from '../../src/pipeline/layers.ts';
import { planLayers } from '../../src/pipeline/run.ts';
import { buildCluster, buildStack } from '../balancer/examples.ts';

const noHosts = { connect: () => Promise.reject(new Error('nobody is asked')), close: async () => {} };

async function planBalancing(section?: string): Promise<unknown> {
  const { balancer: _, ...cluster } = buildCluster();
  const definition = buildStack(section);
  const inputs = {
    cluster: { ...cluster, nodes: cluster.nodes.filter(({ role }) => role !== 'balancer') },
    stacks: [{ definition, images: { stackName: definition.name, images: [] }, rotations: [] }],
    secrets: new Map(),
    env: {},
  };
  const layers = await createLayers(inputs, noHosts, { only: ['balancer'] });
  return planLayers({ layers, signal: new AbortController().signal });
}

test('x-balancer in a cluster without a balancer is warned of', async () => {
  expect(await planBalancing('web: {listen: 80, service: fastapi}')).toEqual([
    {
      layer: 'balancer',
      changes: [],
      unchanged: 0,
      warnings: ['the cluster has no balancer: nothing is balanced'],
    },
  ]);
});

test('a stack that speaks of no balancer is none the worse without one', async () => {
  expect(await planBalancing()).toEqual([]);
});
