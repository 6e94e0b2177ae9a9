/** The revisions of a cluster's stack, for the commands that show and use them. */
import type { Cluster } from '../cluster/cluster.ts';
import { UserError } from '../errors.ts';
import type { Hosts } from '../remote/host.ts';
import { listRevisions, type StoredRevision } from '../stack/revision.ts';

/** The whole revisions, newest first. @throws UserError where there is no stack, or no manager answers. */
export async function readRevisions(cluster: Cluster, hosts: Hosts): Promise<StoredRevision[]> {
  if (!cluster.stack)
    throw new UserError('the cluster file names no stack', { next: 'add `stack: {name, file}` to it' });
  const [{ connectManager }, { listConfigs }] = await Promise.all([
    import('../swarm/connect-manager.ts'),
    import('../stack/observe.ts'),
  ]);
  const { engine } = await connectManager(cluster, hosts);
  return listRevisions(cluster.stack.name, await listConfigs(engine));
}
