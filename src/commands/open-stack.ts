/** The stack of a cluster file on its swarm, for the commands that look into it. */
import type { CommandContext } from '../cli.ts';
import { loadCluster } from '../cluster/load-cluster.ts';
import { UserError } from '../errors.ts';
import type { Hosts } from '../remote/host.ts';
import type { Snapshot } from '../stack/snapshots.ts';
import { type ClusterOptions, openHosts } from './session.ts';

export interface OpenStack extends AsyncDisposable {
  name: string;
  hosts: Hosts;
  /** Services, tasks and nodes as they are now. */
  read(): Promise<Snapshot>;
}

/** @throws UserError where the cluster file names no stack, or no manager answers. */
export async function openStack(options: ClusterOptions, context: CommandContext): Promise<OpenStack> {
  const [{ connectManager }, { createSnapshotSource }] = await Promise.all([
    import('../swarm/connect-manager.ts'),
    import('../stack/snapshots.ts'),
  ]);
  const cluster = await loadCluster(options.file, context.cwd);
  if (!cluster.stack)
    throw new UserError('the cluster file names no stack', { next: 'add `stack: {name, file}` to it' });
  const { name } = cluster.stack;
  const hosts = openHosts(cluster, context);
  try {
    const { engine } = await connectManager(cluster, hosts);
    const snapshots = createSnapshotSource(engine, name);
    return {
      name,
      hosts,
      read: () => snapshots.read(performance.now()),
      [Symbol.asyncDispose]: () => hosts.close(),
    };
  } catch (error) {
    await hosts.close();
    throw error;
  }
}
