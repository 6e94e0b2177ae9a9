import { loadCluster } from '../../src/cluster/load-cluster.ts';
import { loadSecrets } from '../../src/secrets/load-secrets.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import type { TourTarget } from './tour.ts';

/** Where the reference stack of a cluster answers, and what to log in with. */
export async function readTourTarget(clusterFile: string): Promise<TourTarget> {
  const cluster = await loadCluster(clusterFile);
  const only = ['admin_password', 'mysql_user', 'mysql_password', 'mysql_name'];
  const secrets = await loadSecrets(cluster.secretsFile!, {
    variables: cluster.variables,
    env: process.env,
    write: false,
    only,
  });
  const read = (name: string): string => {
    const value = secrets.get(name);
    if (!(value instanceof SecretValue)) throw new Error(`${cluster.secretsFile} has no value for ${name}`);
    return value.reveal().toString();
  };
  return {
    address: cluster.balancer!.vip!.address,
    username: 'admin',
    password: read('admin_password'),
    database: { user: read('mysql_user'), password: read('mysql_password'), name: read('mysql_name') },
  };
}
