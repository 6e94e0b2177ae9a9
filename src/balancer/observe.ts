import { balancers, type Cluster, type ClusterNode, listVirtualAddresses } from '../cluster/cluster.ts';
import { engineNames } from '../cluster/engine-name.ts';
import type { Host, Hosts } from '../remote/host.ts';
import { type ConnectionError, isAway } from '../remote/remote-errors.ts';
import { appliedMarkerPath, backupPaths } from './backup.ts';
import { engines } from './engines.ts';
import { readRunningDigest } from './haproxy/runtime-api.ts';
import { readEffectiveDigest, runtimeMarkerPath } from './haproxy/runtime-marker.ts';
import { measureJitter } from './keepalived/measure-jitter.ts';
import { isFast } from './keepalived/render-keepalived.ts';
import { type BalancerHost, observeScript, parseObservation } from './observation.ts';
import { keepalivedConfigPath, partFiles, partNames, partUnits } from './parts.ts';

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
        const host = await hosts.connect(node.name);
        return await addJitter(await observeBalancer(node, host), cluster, host);
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

/** Measured only where `fast` is about to be put: once it is there, every run would take three seconds longer. */
async function addJitter(seen: BalancerHost, cluster: Cluster, host: Host): Promise<BalancerHost> {
  const isWanted = cluster.balancer?.failover === 'fast' && listVirtualAddresses(cluster).length > 0;
  const isThere = isFast(seen.files[keepalivedConfigPath] ?? '');
  if (!isWanted || isThere || seen.keepalivedVersion === undefined) return seen;
  return { ...seen, jitter: await measureJitter(host) };
}

/** One balancer as it is. */
export async function observeBalancer(node: ClusterNode, host: Host): Promise<BalancerHost> {
  const units = partNames.map((name) => partUnits[name]);
  const files = [
    ...partNames.flatMap((name) => partFiles[name]),
    ...backupPaths,
    appliedMarkerPath,
    runtimeMarkerPath,
  ];
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
  const haproxy = readEffectiveDigest(haproxyDigest, seen.files[runtimeMarkerPath]);
  return haproxy === undefined ? seen : { ...seen, running: { ...seen.running, haproxy } };
}
