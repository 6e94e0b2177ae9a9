import { balancers, type Cluster, type ClusterNode } from '../cluster/cluster.ts';
import type { Host, Hosts } from '../remote/host.ts';
import { appliedMarkerPath, backupPaths } from './backup.ts';
import { type BalancerHost, observeScript, parseObservation } from './observation.ts';
import { partFiles, partNames, partUnits } from './parts.ts';
import { readRunningDigest } from './runtime-api.ts';

/** Every balancer as it is, in the order of the cluster file; each in one round trip. Changes nothing. */
export async function observeBalancers(cluster: Cluster, hosts: Hosts): Promise<BalancerHost[]> {
  return Promise.all(
    balancers(cluster).map(async (node) => observeBalancer(node, await hosts.connect(node.name))),
  );
}

/** One balancer as it is. */
export async function observeBalancer(node: ClusterNode, host: Host): Promise<BalancerHost> {
  const units = partNames.map((name) => partUnits[name]);
  const files = [...partNames.flatMap((name) => partFiles[name]), ...backupPaths, appliedMarkerPath];
  const [result, runningDigest] = await Promise.all([
    host.run({
      program: 'sh',
      args: ['-s', '--', ...units, '--', ...files],
      title: 'reading the state of the balancer',
      stdin: observeScript,
      asRoot: true,
      timeoutMs: 30_000,
    }),
    readRunningDigest(host),
  ]);
  const seen = parseObservation(result.stdout, node);
  return runningDigest === undefined ? seen : { ...seen, runningDigest };
}
