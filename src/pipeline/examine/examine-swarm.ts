import type { Cluster } from '../../cluster/cluster.ts';
import type { Hosts } from '../../remote/host.ts';
import { ConnectionError } from '../../remote/remote-errors.ts';
import { explainFailure, type Finding } from '../finding.ts';
import { keepLasting } from '../mesh/keep-lasting.ts';

/** Whether a manager answers for the swarm. */
export async function examineSwarm(cluster: Cluster, hosts: Hosts): Promise<Finding[]> {
  const { findManager } = await import('../../swarm/connect-manager.ts');
  try {
    const search = await findManager(cluster, hosts);
    if (search.kind === 'found')
      return [{ verdict: 'ok', about: search.node.name, message: 'answers for the swarm' }];
    return [
      {
        verdict: 'warning',
        about: 'swarm',
        message: `no manager answers for a swarm (${search.reason})`,
        next: 'kawanan up makes one where there is none yet',
      },
    ];
  } catch (error) {
    return [explainFailure('swarm', error)];
  }
}

/** How long a change of the tasks may take to reach every node's table. */
const meshDelayMs = 5_000;

/** Stale entries of the nodes' IPVS tables; what differs is looked at twice, for tasks come and go. */
export async function examineMesh(cluster: Cluster, hosts: Hosts, signal: AbortSignal): Promise<Finding[]> {
  const [{ findManager }, { observeMesh }, { judgeMesh }, { setTimeout: sleep }] = await Promise.all([
    import('../../swarm/connect-manager.ts'),
    import('../mesh/observe-mesh.ts'),
    import('../mesh/judge-mesh.ts'),
    import('node:timers/promises'),
  ]);
  try {
    const manager = await findManager(cluster, hosts);
    if (manager.kind === 'absent') return [];
    const look = async (): Promise<Finding[]> => judgeMesh(await observeMesh(cluster, hosts, manager.engine));
    const first = await look();
    if (!first.some(({ verdict }) => verdict === 'broken')) return first;
    await sleep(meshDelayMs, undefined, { signal });
    return keepLasting(first, await look());
  } catch (error) {
    if (error instanceof ConnectionError) return [];
    return [explainFailure('ingress mesh', error)];
  }
}
