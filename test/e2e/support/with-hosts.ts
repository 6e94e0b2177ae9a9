/** The machines of a cluster, as the program reaches them. */
import type { Cluster } from '../../../src/cluster/cluster.ts';
import type { Hosts } from '../../../src/remote/host.ts';
import { createHosts } from '../../../src/remote/hosts.ts';

/** Runs `work` with connections of its own, which end with it. */
export async function withHosts<Result>(
  cluster: Cluster,
  work: (hosts: Hosts) => Promise<Result>,
): Promise<Result> {
  const hosts = createHosts(cluster);
  try {
    return await work(hosts);
  } finally {
    await hosts.close();
  }
}
