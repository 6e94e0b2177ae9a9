/** Looks for what would stop or hurt a run, and changes nothing: files, hosts, swarm, balancers, and the way in. */
import type { Cluster } from '../cluster/cluster.ts';
import type { Hosts } from '../remote/host.ts';
import { examineBalancers } from './examine/examine-balancers.ts';
import { examineConfigurations } from './examine/examine-configurations.ts';
import { examineEngines, examineHosts } from './examine/examine-hosts.ts';
import { examinePath } from './examine/examine-path.ts';
import { examineMesh, examineSwarm } from './examine/examine-swarm.ts';
import type { Finding } from './finding.ts';
import type { Inputs } from './inputs.ts';

/**
 * All that is found about hosts, swarm, balancers and the way from a client to the tasks, side by side. The way can be
 * walked only where the files are right: they say what should answer.
 */
export async function examineCluster(
  cluster: Cluster,
  hosts: Hosts,
  signal: AbortSignal,
  inputs?: Inputs,
): Promise<Finding[]> {
  const findings = await Promise.all([
    examineHosts(cluster, hosts, signal),
    examineEngines(cluster, hosts),
    examineSwarm(cluster, hosts),
    examineBalancers(cluster, hosts),
    examineMesh(cluster, hosts, signal),
    inputs ? examinePath(inputs, hosts) : [],
    inputs ? examineConfigurations(inputs, hosts, signal) : [],
  ]);
  return findings.flat();
}
