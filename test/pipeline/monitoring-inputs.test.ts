import { expect, test } from 'vitest';
import type { ClusterNode } from '../../src/cluster/cluster.ts';
import { loadMonitoringInputs, refuseNamesake } from '../../src/pipeline/monitoring-inputs.ts';
import { buildCluster, buildNode } from '../balancer/examples.ts';

async function findPlace(...managers: Pick<ClusterNode, 'name' | 'availability'>[]): Promise<unknown> {
  const nodes = managers.map((part, index) => buildNode(part.name, `192.0.2.${index + 3}`, 'manager', part));
  const { stacks } = await loadMonitoringInputs({
    cluster: buildCluster({ nodes }),
    env: {},
    grafana: false,
  });
  const prometheus = stacks[0]!.definition.services.find(({ key }) => key === 'prometheus')!;
  return prometheus.spec.TaskTemplate.Placement?.Constraints;
}

test('the history is kept on the first manager that may run anything', async () => {
  const [first, second] = [
    { name: 'm1', availability: 'active' },
    { name: 'm2', availability: 'active' },
  ] as const;
  expect(await findPlace(first, second)).toEqual(['node.hostname == m1']);
  for (const availability of ['pause', 'drain'] as const)
    expect(await findPlace({ ...first, availability }, second)).toEqual(['node.hostname == m2']);
});

test("Grafana's service and configs are there where it is wanted", async () => {
  const keysOf = async (grafana: boolean): Promise<string[]> => {
    const { stacks } = await loadMonitoringInputs({ cluster: buildCluster(), env: {}, grafana });
    return stacks[0]!.definition.services.map(({ key }) => key);
  };
  const [without, with_] = [await keysOf(false), await keysOf(true)];
  expect(with_.filter((key) => !without.includes(key))).toEqual(['grafana']);
});

test("a stack of the user's own that has the name is refused", () => {
  expect(() => refuseNamesake(buildCluster())).not.toThrow();
  const stacks = [{ name: 'monitoring', files: ['/work/own.yml'] }];
  expect(() => refuseNamesake(buildCluster({ stacks }))).toThrow('a stack of yours is called monitoring');
});
