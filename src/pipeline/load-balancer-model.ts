/** What the balancers of a cluster serve, as the files say. */
import type { BalancerModel } from '../balancer/backends.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { composeVariables } from './inputs.ts';

/**
 * Reads the compose files, and neither secrets nor certificates: for commands that plan nothing from them.
 *
 * @throws InputError with every problem of the compose files.
 */
export async function loadBalancerModel(cluster: Cluster, env: NodeJS.ProcessEnv): Promise<BalancerModel> {
  const [{ loadStack }, { planBackends }] = await Promise.all([
    import('../stack/compose/load-stack.ts'),
    import('../balancer/backends.ts'),
  ]);
  if (!cluster.stack) return planBackends(undefined, cluster);
  const { name, files } = cluster.stack;
  return planBackends(await loadStack(files, { name, variables: composeVariables(cluster, env) }), cluster);
}
