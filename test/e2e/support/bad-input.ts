/** What users get wrong, made from the right files: each case writes its files into a folder of its own. */
import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { clusterFile, projectDir } from './kawanan.ts';

// biome-ignore lint/suspicious/noExplicitAny: the files are bent out of shape on purpose
type Document = any;

export interface BadInput {
  name: string;
  /** Bends the cluster file's content; `dir` is a fresh folder for other files. */
  bend: (cluster: Document, dir: string) => void | Promise<void>;
  /** Bends the cluster file's text, for what no document can say. */
  bendText?: (text: string) => string;
  /** What the error must say. */
  says: RegExp[];
}

const composeFiles = ['compose.yml', 'compose.lab.yml'].map((name) =>
  join(projectDir, 'stacks/sirip-hiu', name),
);

/** Adds a compose file over the stack's own. */
export async function layOver(cluster: Document, dir: string, compose: Document): Promise<void> {
  const file = join(dir, 'over.yml');
  await writeFile(file, stringify(compose));
  cluster.stack.file = [...composeFiles, file];
}

export const badInputs: BadInput[] = [
  {
    name: 'an unknown key in cluster.yml',
    bend: (cluster) => {
      cluster.nodes['vm-loadbalancer1'].adress = cluster.nodes['vm-loadbalancer1'].address;
    },
    says: [/cluster\.yml:\d+/, /adress/, /address/],
  },
  {
    name: 'a duplicate address',
    bend: (cluster) => {
      cluster.nodes['vm-loadbalancer2'].address = cluster.nodes['vm-loadbalancer1'].address;
    },
    says: [/cluster\.yml:\d+/, /vm-loadbalancer1/, /vm-loadbalancer2/],
  },
  {
    name: 'a virtual address outside the subnet',
    bend: (cluster) => {
      cluster.balancer.vip = '198.19.255.20/24';
    },
    says: [/cluster\.yml:\d+/, /198\.19\.255\.20/],
  },
  {
    name: 'a missing compose file',
    bend: (cluster, dir) => {
      cluster.stack.file = join(dir, 'nowhere.yml');
    },
    says: [/nowhere\.yml/, /no such file/],
  },
  {
    name: 'a tab in YAML',
    bend: () => {},
    bendText: (text) => text.replace(/^ {2}user:/m, '\tuser:'),
    says: [/cluster\.yml:\d+/, /tab/i],
  },
  {
    name: "a service constrained to a node that doesn't exist",
    bend: (cluster, dir) =>
      layOver(cluster, dir, {
        services: {
          flask: { deploy: { placement: { constraints: ['node.hostname == vm-dockerswarmworker3'] } } },
        },
      }),
    says: [/flask/, /vm-dockerswarmworker3/],
  },
  {
    name: 'two services that publish one host port on one node',
    bend: (cluster, dir) =>
      layOver(cluster, dir, {
        services: {
          rival: {
            image: 'debian:trixie-slim',
            ports: [{ target: 80, published: 5000, mode: 'host' }],
            deploy: { endpoint_mode: 'dnsrr', placement: { constraints: ['node.role == worker'] } },
          },
        },
      }),
    says: [/5000/, /flask/, /rival/],
  },
  {
    name: 'an external secret with no source',
    bend: async (cluster, dir) => {
      await layOver(cluster, dir, {
        services: { flask: { secrets: ['api_tokn'] } },
        secrets: { api_tokn: { external: true } },
      });
    },
    says: [/api_tokn/],
  },
  {
    name: 'a wrong SSH key',
    bend: (cluster, dir) => {
      cluster.ssh.key = join(dir, 'wrong_key');
      spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', cluster.ssh.key]);
    },
    says: [/vm-[a-z0-9]+/, /wrong_key/],
  },
  {
    name: 'a changed host key',
    bend: async (cluster, dir) => {
      const known = await readFile(cluster.ssh.known_hosts, 'utf8');
      const key = join(dir, 'other_host');
      spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
      const [type, value] = (await readFile(`${key}.pub`, 'utf8')).split(' ');
      const address = cluster.nodes['vm-dockerswarmmanager'].address;
      const others = known.split('\n').filter((line) => !line.startsWith(`${address} `));
      cluster.ssh.known_hosts = join(dir, 'known_hosts');
      await writeFile(
        cluster.ssh.known_hosts,
        [...others.filter(Boolean), `${address} ${type} ${value}`, ''].join('\n'),
      );
    },
    says: [/vm-dockerswarmmanager/, /key/, /ssh-keygen -R|known_hosts/],
  },
];

/** Writes the files of a case and gives the cluster file's path to `work`; the folder is gone afterwards. */
export async function withBadInput<T>(input: BadInput, work: (file: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'kawanan-bad-'));
  try {
    const cluster = parse(await readFile(clusterFile, 'utf8'));
    const secrets = join(dir, 'secrets.yml');
    await copyFile(join(dirname(clusterFile), 'secrets.yml'), secrets);
    await chmod(secrets, 0o600);
    cluster.secrets = secrets;
    await input.bend(cluster, dir);
    const text = stringify(cluster);
    const file = join(dir, 'cluster.yml');
    await writeFile(file, input.bendText?.(text) ?? text);
    return await work(file);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
