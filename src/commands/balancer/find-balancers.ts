/** What every `kawanan balancer` command needs: the cluster, and its balancers within reach. */

import { hasRotation } from '../../balancer/rotation.ts';
import type { CommandContext } from '../../cli.ts';
import { balancers, type Cluster } from '../../cluster/cluster.ts';
import { loadCluster } from '../../cluster/load-cluster.ts';
import { UserError } from '../../errors.ts';
import type { Hosts } from '../../remote/host.ts';
import { type ClusterOptions, openHosts } from '../session.ts';

export interface OpenBalancers extends AsyncDisposable {
  cluster: Cluster;
  hosts: Hosts;
}

/** @throws UserError where the cluster file names no balancer. */
export async function openBalancers(
  options: ClusterOptions,
  context: CommandContext,
): Promise<OpenBalancers> {
  const cluster = await loadCluster(options.file, context.cwd);
  if (balancers(cluster).length === 0)
    throw new UserError('the cluster file names no balancer', {
      next: 'give a machine the role: `lb1: {address: …, role: balancer}`, then run kawanan up',
    });
  const hosts = openHosts(cluster, context);
  return { cluster, hosts, [Symbol.asyncDispose]: () => hosts.close() };
}

/** @throws UserError where the engine can't be told what becomes of single servers. */
export function requireRotation(cluster: Cluster): void {
  if (hasRotation(cluster)) return;
  throw new UserError("NGINX's open-source edition can't be told to leave single servers out", {
    next: 'use "engine: haproxy" in the cluster file; with NGINX a server that fails is left out for 2 s',
  });
}
