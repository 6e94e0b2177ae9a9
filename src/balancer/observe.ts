import { balancers, type Cluster, type ClusterNode } from '../cluster/cluster.ts';
import { engineNames } from '../cluster/engine-name.ts';
import type { Host, Hosts } from '../remote/host.ts';
import { type ConnectionError, isAway } from '../remote/remote-errors.ts';
import { appliedMarkerPath, backupPaths } from './backup.ts';
import { engines } from './engines.ts';
import { readRunningDigest } from './haproxy/runtime-api.ts';
import { type BalancerHost, observeScript, parseObservation } from './observation.ts';
import { partFiles, partNames, partUnits } from './parts.ts';

export interface ObservedBalancers {
  /** Those that answer, in the order of the cluster file. */
  hosts: BalancerHost[];
  /** Why the others don't: they are off or cut off. */
  away: ConnectionError[];
}

/**
 * Every balancer as it is, each in one round trip. Changes nothing.
 *
 * @throws the first one's ConnectionError when none can be reached, or one for a reason that waiting doesn't mend.
 */
export async function observeBalancers(cluster: Cluster, hosts: Hosts): Promise<ObservedBalancers> {
  const answers = await Promise.all(
    balancers(cluster).map(async (node) => {
      try {
        return await observeBalancer(node, await hosts.connect(node.name));
      } catch (error) {
        // a balancer that is down now mustn't keep the other from being served
        if (isAway(error)) return error;
        throw error;
      }
    }),
  );
  const away = answers.filter(isAway);
  if (away[0] && away.length === answers.length) throw away[0];
  return { hosts: answers.filter((answer) => 'node' in answer), away };
}

/** One balancer as it is. */
export async function observeBalancer(node: ClusterNode, host: Host): Promise<BalancerHost> {
  const units = partNames.map((name) => partUnits[name]);
  const files = [...partNames.flatMap((name) => partFiles[name]), ...backupPaths, appliedMarkerPath];
  const folders = engineNames.map((name) => engines[name].folder);
  const [result, haproxyDigest] = await Promise.all([
    host.run({
      program: 'sh',
      args: ['-s', '--', ...units, '--', ...folders, '--', ...files],
      title: 'reading the state of the balancer',
      stdin: observeScript,
      asRoot: true,
      timeoutMs: 30_000,
    }),
    readRunningDigest(host),
  ]);
  const seen = parseObservation(result.stdout, node);
  return haproxyDigest === undefined
    ? seen
    : { ...seen, running: { ...seen.running, haproxy: haproxyDigest } };
}
