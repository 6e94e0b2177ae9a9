/** Stacks of the cluster as they were deployed last: what the balancers serve of those that a run leaves as they are. */
import type { BalancedStack, BalancerModel } from '../balancer/backends.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Hosts } from '../remote/host.ts';
import { type Inputs, loadMaterials } from './inputs.ts';

/**
 * The newest revision of each; none of a stack that was never deployed, or where there is no swarm yet. Certificates and
 * pages are those of now.
 *
 * @throws InputError where a certificate or page that one of them needs is gone.
 */
export async function readDeployedStacks(
  names: readonly string[],
  cluster: Cluster,
  hosts: Hosts,
  env: NodeJS.ProcessEnv,
): Promise<BalancedStack[]> {
  if (names.length === 0) return [];
  const [{ findManager }, { listConfigs }, { listRevisions, readRevision, restoreDefinition }] =
    await Promise.all([
      import('../swarm/connect-manager.ts'),
      import('../stack/observe.ts'),
      import('../stack/revision.ts'),
    ]);
  const manager = await findManager(cluster, hosts);
  if (manager.kind === 'absent') return [];
  const configs = await listConfigs(manager.engine);
  const stacks = names.map(async (name): Promise<BalancedStack[]> => {
    const [newest] = listRevisions(name, configs);
    if (!newest) return [];
    const definition = restoreDefinition(readRevision(newest), `revision ${newest.number} of ${name}`);
    return [{ definition, materials: await loadMaterials(definition, cluster, env) }];
  });
  return (await Promise.all(stacks)).flat();
}

/** Names of the cluster's stacks that aren't among the inputs. */
export function listOthers({ cluster, stacks }: Pick<Inputs, 'cluster' | 'stacks'>): string[] {
  return cluster.stacks
    .map(({ name }) => name)
    .filter((name) => !stacks.some(({ definition }) => definition.name === name));
}

/** What the balancers serve once the stacks among the inputs are as wanted. @throws InputError as `planStacksBackends`. */
export async function planServed(inputs: Inputs, hosts: Hosts): Promise<BalancerModel> {
  const { cluster, stacks, env } = inputs;
  const [{ planStacksBackends }, others] = await Promise.all([
    import('../balancer/backends.ts'),
    readDeployedStacks(listOthers(inputs), cluster, hosts, env),
  ]);
  return planStacksBackends([...stacks, ...others], cluster);
}
