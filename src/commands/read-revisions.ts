/** The revisions of a stack, for the commands that show and use them. */
import type { Cluster } from '../cluster/cluster.ts';
import type { Hosts } from '../remote/host.ts';
import { listRevisions, type StoredRevision } from '../stack/revision.ts';

/** The whole revisions, newest first. @throws UserError where no manager answers. */
export async function readRevisions(
  stackName: string,
  cluster: Cluster,
  hosts: Hosts,
): Promise<StoredRevision[]> {
  const [{ connectManager }, { listConfigs }] = await Promise.all([
    import('../swarm/connect-manager.ts'),
    import('../stack/observe.ts'),
  ]);
  const { engine } = await connectManager(cluster, hosts);
  return listRevisions(stackName, await listConfigs(engine));
}
