import { type Cluster, swarmNodes } from '../../cluster/cluster.ts';
import type { Hosts } from '../../remote/host.ts';
import { explainFailure, type Finding } from '../finding.ts';

/** Whether each machine answers, runs a system that is supported, and has what the swarm needs of its kernel. */
export async function examineHosts(cluster: Cluster, hosts: Hosts, signal: AbortSignal): Promise<Finding[]> {
  const [{ observeHosts }, { judgeHosts }] = await Promise.all([
    import('../../hosts/observe.ts'),
    import('./judge-hosts.ts'),
  ]);
  return judgeHosts(cluster, await observeHosts(cluster, hosts, signal));
}

/** Engines that are there and don't answer. One that isn't installed or started is what `up` is for; a host that lets nobody in is told of already. */
export async function examineEngines(cluster: Pick<Cluster, 'nodes'>, hosts: Hosts): Promise<Finding[]> {
  const { ConnectionError, SocketError } = await import('../../remote/remote-errors.ts');
  const findings = await Promise.all(
    swarmNodes(cluster).map(async ({ name }) => {
      try {
        await (await hosts.connect(name)).engine().ping();
        return [];
      } catch (error) {
        const absent = error instanceof SocketError && ['absent', 'refused'].includes(error.failure);
        if (absent || error instanceof ConnectionError) return [];
        return [explainFailure(name, error)];
      }
    }),
  );
  return findings.flat();
}
