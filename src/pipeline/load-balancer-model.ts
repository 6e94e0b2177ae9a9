/** What the balancers of a cluster serve, as the files say. */
import type { BalancerModel } from '../balancer/backends.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { readDefinition } from './stack-draft.ts';

/**
 * Reads the compose files, and neither secrets nor certificates: for commands that plan nothing from them.
 *
 * @throws InputError with every problem of the compose files.
 */
export async function loadBalancerModel(cluster: Cluster, env: NodeJS.ProcessEnv): Promise<BalancerModel> {
  const { planStacksBackends } = await import('../balancer/backends.ts');
  const definitions = await Promise.all(cluster.stacks.map((stack) => readDefinition(stack, cluster, env)));
  return planStacksBackends(
    definitions.map((definition) => ({ definition })),
    cluster,
  );
}
