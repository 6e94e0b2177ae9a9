import type { Cluster } from '../../cluster/cluster.ts';
import type { Hosts } from '../../remote/host.ts';
import { ConnectionError } from '../../remote/remote-errors.ts';
import { explainFailure, type Finding } from '../finding.ts';
import type { Inputs } from '../inputs.ts';

/** Balancers whose files or running configuration aren't what the files here say; those that were never set up aren't told of. */
export async function examineConfigurations(
  { cluster, stacks }: Inputs,
  hosts: Hosts,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { createBalancerLayer } = await import('../../balancer/layer.ts');
  try {
    const layer = createBalancerLayer(await selectDeployed(stacks, cluster, hosts), cluster, hosts);
    const seen = await layer.observe(signal);
    if (seen.kind === 'unknown') return [];
    const { changes } = layer.plan(seen.value, new Map());
    return changes
      .filter(({ kind }) => kind !== 'create')
      .map(({ object, fields, title }) => ({
        verdict: 'broken' as const,
        about: object.host ?? object.name,
        message: `its ${object.name} differs from what the files say`,
        evidence: fields.map(
          ({ path, before, after }) =>
            `${path}: ${before ?? 'nothing'} there, ${after ?? 'nothing'} in the files`,
        ),
        next: `kawanan plan shows it whole, kawanan up puts it right (${title})`,
      }));
  } catch (error) {
    // A balancer that lets nobody in is told of already.
    if (error instanceof ConnectionError) return [];
    return [explainFailure('balancer', error)];
  }
}

/** Of several stacks those that were deployed: the balancers aren't to serve any other. */
async function selectDeployed(
  stacks: Inputs['stacks'],
  cluster: Cluster,
  hosts: Hosts,
): Promise<Inputs['stacks']> {
  if (stacks.length < 2) return stacks;
  const { readNewestRevisions } = await import('../deployed-stacks.ts');
  const names = stacks.map(({ definition }) => definition.name);
  const deployed = (await readNewestRevisions(names, cluster, hosts)).map(({ name }) => name);
  return stacks.filter(({ definition }) => deployed.includes(definition.name));
}
