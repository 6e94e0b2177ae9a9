/** The thesis' file on a lab, as its example cluster file has it: its machines are the lab's. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { parseCluster } from '../../src/cluster/parse-cluster.ts';
import { loadSecrets } from '../../src/secrets/load-secrets.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import type { TourTarget } from '../../stacks/sirip-hiu/tour.ts';
import { expectKawanan, clusterFile as labClusterFile, projectDir } from '../e2e/support/kawanan.ts';

const thesisDir = join(projectDir, 'stacks/thesis');
/** Not the lab's: what the test itself writes. */
const folder = join(projectDir, '.kawanan/ingress');
export const clusterFile = join(folder, 'cluster.yml');

/** Ports of frontends that only try how a method spreads requests over the API. */
export const trialPorts = { roundrobin: 8081, leastconn: 8082 } as const;

/** Writes cluster and secrets file for the machines of the lab; the compose file is the one in stacks/thesis. */
export async function writeThesisCluster(): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const [lab, example] = await Promise.all(
    [labClusterFile, join(thesisDir, 'cluster.example.yml')].map(
      async (file) => parse(await readFile(file, 'utf8')) as Record<string, unknown>,
    ),
  );
  const { builds } = parseCluster(stringify(example), join(thesisDir, 'cluster.example.yml'), {
    home: '/root',
  }).images;
  const balancer = parse(await readFile(join(thesisDir, 'balancer.yml'), 'utf8')) as {
    'x-balancer': Record<string, unknown>;
  };
  for (const [balance, listen] of Object.entries(trialPorts))
    balancer['x-balancer'][`try-${balance}`] = {
      listen,
      balance,
      service: 'fastapi',
      port: 8000,
      // kernels that are programs are late at times
      timeouts: { connect: '2s', check: '2s' },
    };
  const settings = {
    ...lab,
    stack: undefined,
    stacks: {
      database: join(thesisDir, 'mysql.yml'),
      thesis: [join(thesisDir, 'compose.yml'), join(folder, 'balancer.yml')],
    },
    secrets: join(folder, 'secrets.yml'),
    receipt: false,
    images: { ...(lab!['images'] as object), builds },
  };
  await Promise.all([
    writeFile(clusterFile, stringify(settings)),
    writeFile(join(folder, 'balancer.yml'), stringify(balancer)),
    writeFile(join(folder, 'secrets.yml'), await readFile(join(thesisDir, 'secrets.example')), {
      mode: 0o600,
    }),
  ]);
}

/** Makes a user of the API as the guide says, and tells where everything answers. */
export async function openTourTarget(): Promise<TourTarget> {
  const cluster = parseCluster(await readFile(clusterFile, 'utf8'), clusterFile, { home: '/root' });
  const [username, password] = ['admin', 'a-password-of-the-test'];
  await expectKawanan(
    ['exec', 'fastapi', '--file', clusterFile, '--', 'python3', '-m', 'app.users', username],
    0,
    { input: `${password}\n` },
  );
  const only = ['mysql_user', 'mysql_password', 'mysql_name'];
  const { variables, secretsFile } = cluster;
  const secrets = await loadSecrets(secretsFile!, { variables, env: {}, write: false, only });
  const read = (name: string): string => {
    const value = secrets.get(name);
    if (!(value instanceof SecretValue)) throw new Error(`no value for ${name}`);
    return value.reveal().toString();
  };
  return {
    address: cluster.balancer!.vip!.address,
    username,
    password,
    database: { user: read('mysql_user'), password: read('mysql_password'), name: read('mysql_name') },
  };
}
