/** What every `kawanan balancer` command needs: the cluster, and its balancers within reach. */
import { chooseServers, type ServerChoice } from '../../balancer/choose-servers.ts';
import { type BalancerView, viewBalancers } from '../../balancer/live.ts';
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

/** What the balancers have, and which of their servers a name stands for. @throws InputError when it stands for none. */
export async function chooseByName(
  name: string,
  { cluster, hosts }: Pick<OpenBalancers, 'cluster' | 'hosts'>,
): Promise<{ views: BalancerView[]; choose: ServerChoice }> {
  const views = await viewBalancers(cluster, hosts);
  const servers = views.flatMap(({ live }) => live?.servers ?? []);
  return { views, choose: chooseServers(name, cluster, servers) };
}
