/** The machines and how to reach them: what a checked `cluster.yml` says. No I/O here. */
import type { EngineName } from './engine-name.ts';

export type NodeRole = 'manager' | 'worker' | 'balancer';

export interface SshSettings {
  user: string;
  port: number;
  /** Path of the private key, `~` already expanded; absent: agent and `~/.ssh/config` decide. */
  key?: string;
  /** Host to go through, `user@host:port` or a name of `~/.ssh/config`. */
  jump?: string;
  /** Where host keys are looked up and recorded; `~/.ssh/known_hosts` unless told. */
  knownHosts?: string;
  /** Which of these the cluster file leaves open: `~/.ssh/config` may say otherwise. */
  defaulted?: ('user' | 'port')[];
}

export interface ClusterNode {
  name: string;
  /** IPv4 address that the other nodes and we reach it by. */
  address: string;
  role: NodeRole;
  /** Swarm node labels that we own. */
  labels: Record<string, string>;
  availability: 'active' | 'pause' | 'drain';
  ssh: SshSettings;
}

export interface VirtualAddress {
  address: string;
  prefixLength: number;
}

export interface BalancerSettings {
  engine: EngineName;
  /** Statistics and metrics are for the machine itself only; absent: for whoever reaches the balancer's own address. */
  privateStatistics?: true;
  /** The virtual address, or the first of several; absent with a single balancer. */
  vip?: VirtualAddress;
  /** The other virtual addresses, each preferred by another balancer. */
  furtherVips?: VirtualAddress[];
  failover: 'safe' | 'fast';
  /** How long a balancer that came back waits before it takes its address again; absent: until it is told to. */
  failbackAfterSeconds?: number;
}

/** Where an image comes from when not from a registry: an archive made by `docker save`, or a folder it is built from. */
export interface ImageSettings {
  /** Image reference → path of the archive. */
  archives: Record<string, string>;
  /** Image reference → absolute path of the folder with its Dockerfile, for compose files that only name the image. */
  builds?: Record<string, string>;
  /** Folder on this computer where built images are kept by the digest of what they were built from. */
  cache?: string;
}

/** What the stack of `kawanan monitor` is called in the swarm. */
export const monitoringStack = 'monitoring';

/** One of the stacks that run on the cluster. */
export interface StackSettings {
  name: string;
  /** Absolute paths, merged in order as `docker stack deploy -c a -c b` does. */
  files: string[];
  /** How many applied states are kept in the swarm, the newest included. */
  keepRevisions?: number;
}

/** What clients may notice of a change, and how that is measured. */
export interface ReceiptSettings {
  /** Requests a second; 100 unless told. */
  ratePerSecond?: number;
  /** Absolute path of a list of what is sent; absent: a read of each frontend. */
  targets?: string;
  /** Absolute path of the folder in which receipts are kept. */
  keep?: string;
  budget: { failed: number; gapMs?: number; p99Ms?: number; worstMs?: number };
}

export interface Cluster {
  name: string;
  /** Absolute path of the file it was read from. */
  file: string;
  /** In the order of the file. */
  nodes: ClusterNode[];
  balancer?: BalancerSettings;
  /** In the order of the file; none where it only says which machines there are. */
  stacks: StackSettings[];
  /** Absolute path of the secrets file. */
  secretsFile?: string;
  /** How many older versions of each secret stay in the swarm although nothing uses them. */
  keepSecrets?: number;
  /** What changes may cost their clients; `false`: changes are made without load. */
  receipt?: ReceiptSettings | false;
  images: ImageSettings;
  /** Variables for the compose file's `${NAME}` and the secrets file's templates; `KAWANAN_VIP` is always among them. */
  variables: Record<string, string>;
  /** What is allowed but unwise, e.g. an even number of managers. */
  warnings: string[];
}

/** The nodes that run an engine: all but the balancers. */
export function swarmNodes(cluster: Pick<Cluster, 'nodes'>): ClusterNode[] {
  return cluster.nodes.filter((node) => node.role !== 'balancer');
}

export function managers(cluster: Cluster): ClusterNode[] {
  return cluster.nodes.filter((node) => node.role === 'manager');
}

export function balancers(cluster: Cluster): ClusterNode[] {
  return cluster.nodes.filter((node) => node.role === 'balancer');
}

/** Every virtual address, in the order of the file. */
export function listVirtualAddresses({ balancer }: Pick<Cluster, 'balancer'>): VirtualAddress[] {
  return balancer?.vip ? [balancer.vip, ...(balancer.furtherVips ?? [])] : [];
}

/** The balancers in the order in which they are to hold the virtual address with this index: each address has another first. */
export function rankBalancers(cluster: Pick<Cluster, 'nodes'>, vipIndex: number): ClusterNode[] {
  const all = cluster.nodes.filter((node) => node.role === 'balancer');
  const first = all.length === 0 ? 0 : vipIndex % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}
