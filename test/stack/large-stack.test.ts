import { beforeAll, describe, expect, test } from 'vitest';
import { listAwaited, orderChanges } from '../../src/plan/run-changes.ts';
import type { StackDefinition } from '../../src/stack/definition.ts';
import type { StackObserved } from '../../src/stack/observed.ts';
import { planStack } from '../../src/stack/plan.ts';
import { observeLargeStack, readLargeStack, serviceCount, writeLargeStack } from './large-stack.ts';

describe('200 services on 100 nodes', () => {
  let definition: StackDefinition;
  let running: StackObserved;
  const count = (kind: string, plan: ReturnType<typeof planStack>): number =>
    plan.changes.filter((change) => change.kind === kind && change.object.type === 'service').length;

  beforeAll(() => {
    definition = readLargeStack(writeLargeStack('1.0'));
    running = observeLargeStack(definition);
  });

  test('are all created where there is nothing yet, each behind what it depends on', () => {
    const plan = planStack(definition, { ...running, networks: [], services: [], tasks: [] }, new Map());
    expect(count('create', plan)).toBe(serviceCount);
    const order = new Map(orderChanges(plan.changes).map(({ id }, index) => [id, index]));
    for (const change of plan.changes)
      for (const id of listAwaited(change)) expect(order.get(id)).toBeLessThan(order.get(change.id)!);
  });

  test('are left alone where they run as the file says', () => {
    const plan = planStack(definition, running, new Map());
    expect(plan.changes).toEqual([]);
    expect(plan.unchanged).toBe(serviceCount + definition.networks.length);
  });

  test('are all updated to another version, and those that the file no longer names removed', () => {
    const services = structuredClone(definition.services.slice(0, -20));
    for (const { spec } of services) {
      const container = spec.TaskTemplate.ContainerSpec;
      container.Image = container.Image.replace(':1.0', ':1.1');
      container.Env = container.Env!.map((entry) => entry.replace('VERSION=1.0', 'VERSION=1.1'));
    }
    const fewer = { ...definition, services };
    const plan = planStack(fewer, running, new Map());
    expect(count('update', plan)).toBe(serviceCount - 20);
    expect(count('remove', plan)).toBe(20);
    expect(plan.changes[0]?.fields.map(({ path }) => path)).toEqual(['image', 'env.VERSION']);
  });
});
