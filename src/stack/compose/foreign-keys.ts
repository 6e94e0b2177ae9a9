/** Keys of the newer compose specification, and of older formats, that swarm stacks don't have: what to write instead. */
import type { ComposePath } from './compose-document.ts';

const topLevel: Record<string, string> = {
  name: 'the name of a stack is given when it is deployed (stack.name of cluster.yml); remove the key',
  include: 'name several compose files instead',
};

const ofService: Record<string, string> = {
  annotations: 'use labels',
  blkio_config: 'swarm has no such limit; remove it',
  cpus: 'use deploy.resources.limits.cpus',
  cpu_count: 'use deploy.resources.limits.cpus',
  cpu_percent: 'use deploy.resources.limits.cpus',
  cpu_period: 'use deploy.resources.limits.cpus',
  cpu_rt_period: 'swarm has no such limit; remove it',
  cpu_rt_runtime: 'swarm has no such limit; remove it',
  develop: 'it belongs to docker compose on one computer; remove it',
  device_cgroup_rules: 'swarm services get no devices; remove it',
  dns_opt: 'swarm stacks have dns and dns_search only; remove it',
  gpus: 'use deploy.resources.reservations.generic_resources',
  group_add: 'set the groups in the image, or with user',
  mem_reservation: 'use deploy.resources.reservations.memory',
  mem_swappiness: 'swarm has no such setting; remove it',
  oom_kill_disable: 'swarm has no such setting; remove it',
  pids_limit: 'use deploy.resources.limits.pids',
  platform: 'use deploy.placement.constraints with node.platform.arch and node.platform.os',
  post_start: 'swarm has no hooks; do it in the entrypoint',
  pre_stop: 'swarm has no hooks; handle stop_signal in the program',
  profiles: 'swarm stacks have no profiles; use several compose files',
  pull_policy: 'the image is placed on the nodes before the deploy; remove it',
  runtime: 'swarm takes the runtime of the node; remove it',
  scale: 'use deploy.replicas',
  storage_opt: 'swarm has no such setting; remove it',
  uts: 'swarm has no such setting; remove it',
};

const ofPort: Record<string, string> = {
  host_ip: 'a swarm port listens on every address of the node; remove it',
  app_protocol: 'swarm has no such setting; remove it',
  name: 'swarm ports have no names; remove it',
};

const ofMount: Record<string, string> = {
  image: 'an image is mounted whole; remove the options',
  cluster: 'a cluster volume has no options here; remove them',
};

const ofObject: Record<string, string> = {
  content: 'put the text into a file beside the compose file and name it with file:',
  environment: 'put the value into a file, or keep the secret in secrets.yml and write external: true',
};

const ofNetwork: Record<string, string> = {
  enable_ipv6: 'swarm networks are made without it; remove it',
  enable_ipv4: 'swarm networks are made without it; remove it',
};

const ofIpam: Record<string, string> = {
  gateway: 'a swarm stack sets the subnet only; remove it',
  ip_range: 'a swarm stack sets the subnet only; remove it',
  aux_addresses: 'a swarm stack sets the subnet only; remove it',
  options: 'a swarm stack sets driver and config only; remove it',
};

/** What to do about a key that exists elsewhere in the world of compose; `undefined` for any other. */
export function explainForeignKey(key: string, path: ComposePath): string | undefined {
  const table = findTable(path);
  return table && Object.hasOwn(table, key) ? table[key] : undefined;
}

function findTable(path: ComposePath): Record<string, string> | undefined {
  const [section, , part] = path;
  if (path.length === 0) return topLevel;
  if (section === 'secrets' || section === 'configs') return ofObject;
  if (section === 'networks') return part === 'ipam' ? ofIpam : ofNetwork;
  if (section !== 'services') return undefined;
  if (path.length === 2) return ofService;
  if (part === 'ports') return ofPort;
  return part === 'volumes' ? ofMount : undefined;
}

export type ForeignForm = 'mapping' | 'string' | 'empty';

/** Forms of known keys that the newer compose specification has, by the last key of their path. */
const foreignForms: Record<string, { type: ForeignForm; advice: string }> = {
  depends_on: {
    type: 'mapping',
    advice: 'swarm has no conditions: write a list of services, they are created in that order',
  },
  env_file: { type: 'mapping', advice: 'write the path, or a list of paths' },
  published: { type: 'string', advice: 'write one number; for a range use the short form "8000-8010:80"' },
  command: { type: 'empty', advice: 'remove the key, or write the command' },
  entrypoint: { type: 'empty', advice: 'remove the key, or write the entrypoint' },
};

/** What to do about a value whose form exists elsewhere in the world of compose. */
export function explainForeignForm(path: ComposePath, found: ForeignForm | undefined): string | undefined {
  const key = path.findLast((step) => typeof step === 'string');
  const form = typeof key === 'string' && Object.hasOwn(foreignForms, key) ? foreignForms[key] : undefined;
  return form && form.type === found ? form.advice : undefined;
}
