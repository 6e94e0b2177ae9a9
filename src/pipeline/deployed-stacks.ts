/** Stacks of the cluster as they were deployed last: what the balancers serve of those that a run leaves as they are. */
import type { BalancedStack, BalancerModel } from '../balancer/backends.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { InputError, UserError } from '../errors.ts';
import type { OtherStacks } from '../images/observed.ts';
import type { Hosts } from '../remote/host.ts';
import type { StackDefinition } from '../stack/definition.ts';
import { type Inputs, loadMaterials } from './inputs.ts';

/** The newest revision of each; none of a stack that was never deployed. @throws UserError where no manager answers. */
export async function readNewestRevisions(
  names: readonly string[],
  cluster: Cluster,
  hosts: Hosts,
): Promise<StackDefinition[]> {
  if (names.length === 0) return [];
  const [{ connectManager }, { listConfigs }, { listRevisions, readRevision, restoreDefinition }] =
    await Promise.all([
      import('../swarm/connect-manager.ts'),
      import('../stack/observe.ts'),
      import('../stack/revision.ts'),
    ]);
  // Where nobody answers nothing is known of them, which isn't the same as that there are none.
  const configs = await listConfigs((await connectManager(cluster, hosts)).engine);
  return names.flatMap((name) => {
    const [newest] = listRevisions(name, configs);
    if (!newest) return [];
    return [restoreDefinition(readRevision(newest), `revision ${newest.number} of ${name}`)];
  });
}

/**
 * The same as the balancers serve them: with certificates and pages of now.
 *
 * @throws InputError where a certificate or page that one of them needs is gone; UserError where no manager answers.
 */
export async function readDeployedStacks(
  names: readonly string[],
  cluster: Cluster,
  hosts: Hosts,
  env: NodeJS.ProcessEnv,
): Promise<BalancedStack[]> {
  const definitions = await readNewestRevisions(names, cluster, hosts);
  return Promise.all(
    definitions.map(async (definition) => ({
      definition,
      materials: await loadMaterials(definition, cluster, env),
    })),
  );
}

/** What images the stacks of the cluster run that aren't among the inputs. @throws UserError where no manager answers. */
export async function readOtherStacks(
  inputs: Pick<Inputs, 'cluster' | 'stacks'>,
  hosts: Hosts,
): Promise<OtherStacks> {
  const names = listOthers(inputs);
  if (names.length === 0) return { used: [], gone: [] };
  const [{ connectManager }, { createSwarmSecrets }] = await Promise.all([
    import('../swarm/connect-manager.ts'),
    import('../secrets/swarm-secrets.ts'),
  ]);
  const { engine } = await connectManager(inputs.cluster, hosts);
  const [revisions, withServices] = await Promise.all([
    readNewestRevisions(names, inputs.cluster, hosts),
    createSwarmSecrets(engine).listStacks(),
  ]);
  const deployed = revisions.map(({ name }) => name);
  return {
    used: revisions.flatMap(({ services }) =>
      services.map(({ spec }) => spec.TaskTemplate.ContainerSpec.Image),
    ),
    gone: names.filter((name) => !deployed.includes(name) && !withServices.includes(name)),
  };
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

/** The inputs with their stacks in the order in which they depend on each other, as far as revisions and files tell. */
export async function orderForRemoval(inputs: Inputs, hosts: Hosts): Promise<Inputs> {
  const { cluster, stacks, env } = inputs;
  if (stacks.length < 2) return inputs;
  const names = stacks.map(({ definition }) => definition.name);
  const deployed = await readNewestRevisions(names, cluster, hosts).catch((error: unknown) => {
    // A run that was cut short had taken the swarm apart already.
    if (error instanceof UserError) return [];
    throw error;
  });
  const { readKnownStacks } = await import('./stack-draft.ts');
  const known = [...deployed, ...(await readKnownStacks(cluster, deployed, env))];
  const { orderStacks } = await import('../stack/order-stacks.ts');
  try {
    const order = orderStacks(known).map(({ name }) => name);
    const placeOf = ({ definition }: Inputs['stacks'][number]): number => order.indexOf(definition.name);
    return { ...inputs, stacks: stacks.toSorted((a, b) => placeOf(a) - placeOf(b)) };
  } catch (error) {
    // Stacks that wait for each other can't have been deployed so.
    if (error instanceof InputError) return inputs;
    throw error;
  }
}
