import { describe, expect, test } from 'vitest';
import type { ServiceSpec } from '../../src/stack/engine-types.ts';
import { listStayers } from '../../src/stack/list-stayers.ts';
import { listUneven } from '../../src/stack/rebalance.ts';
import { makeService, makeSpec, makeTask, nodes } from './builders.ts';

const onWorkers = (spec: ServiceSpec): void => {
  spec.TaskTemplate.Placement = { Constraints: ['node.role == worker'] };
};

function stay(change: (spec: ServiceSpec) => void, on: string[]): string[] {
  const service = makeService(makeSpec('web', change));
  const tasks = on.map((node, index) => ({
    ...makeTask(service),
    ID: `task-${index}`,
    Slot: index + 1,
    NodeID: `id-${node}`,
  }));
  return listStayers('id-w1', [service], tasks, nodes).map(({ why }) => why);
}

describe('what a drained node leaves behind', () => {
  test.each<[string, (spec: ServiceSpec) => void, string[], string[]]>([
    ['nothing that may run elsewhere', onWorkers, ['w1', 'w2'], []],
    [
      'a service that no other node may run',
      (spec) => {
        spec.TaskTemplate.Placement = { Constraints: ['node.hostname == w1'] };
      },
      ['w1'],
      ['no other node meets node.hostname == w1: it stops'],
    ],
    [
      'a task whose port every other node has given away',
      (spec) => {
        onWorkers(spec);
        spec.EndpointSpec = { Ports: [{ TargetPort: 80, PublishedPort: 80, PublishMode: 'host' }] };
      },
      ['w1', 'w2'],
      ['1 of 2 tasks run meanwhile: every other node that may run it has its share'],
    ],
    [
      'a volume',
      (spec) => {
        onWorkers(spec);
        spec.TaskTemplate.ContainerSpec.Mounts = [{ Type: 'volume', Source: 'data', Target: '/data' }];
      },
      ['w1'],
      ["its volume data stays on this node: a task elsewhere finds that node's own, or an empty one"],
    ],
    ['nothing of a service that has no task on it', onWorkers, ['w2'], []],
    [
      'nothing of a service with one task a node',
      (spec) => {
        spec.Mode = { Global: {} };
      },
      ['w1', 'w2'],
      [],
    ],
  ])('is %s', (_, change, on, said) => {
    expect(stay(change, on)).toEqual(said);
  });
});

describe('services whose tasks should be spread anew', () => {
  test.each([
    [['w2', 'w2'], 1],
    [['w1', 'w2'], 0],
    [['w2'], 0],
  ])('tasks on %s: %i', (on, count) => {
    const service = makeService(makeSpec('web', onWorkers));
    const tasks = on.map((node, index) => ({
      ...makeTask(service),
      ID: `task-${index}`,
      NodeID: `id-${node}`,
    }));
    expect(listUneven('id-w1', { services: [service], tasks, nodes })).toHaveLength(count);
  });
});
