import type { CommandContext } from '../../cli.ts';
import { chooseStacks } from '../../cluster/choose-stack.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { loadCluster } from '../../cluster/load-cluster.ts';
import type { Hosts } from '../../remote/host.ts';
import { createSwarmSecrets, type SwarmSecrets } from '../../secrets/swarm-secrets.ts';
import { type ClusterOptions, openHosts } from '../session.ts';

export interface OpenSwarm extends AsyncDisposable {
  cluster: Cluster;
  hosts: Hosts;
  stackNames: string[];
  swarm: SwarmSecrets;
}

/** The secrets of the cluster file's swarm. @throws UserError where there is no stack, or no manager answers. */
export async function openSwarmSecrets(options: ClusterOptions, context: CommandContext): Promise<OpenSwarm> {
  const { connectManager } = await import('../../swarm/connect-manager.ts');
  const cluster = await loadCluster(options.file, context.cwd);
  const stackNames = chooseStacks(cluster).map(({ name }) => name);
  const hosts = openHosts(cluster, context);
  try {
    const { engine } = await connectManager(cluster, hosts);
    return {
      cluster,
      hosts,
      stackNames,
      swarm: createSwarmSecrets(engine),
      [Symbol.asyncDispose]: () => hosts.close(),
    };
  } catch (error) {
    await hosts.close();
    throw error;
  }
}
