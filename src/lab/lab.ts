import { createHash } from 'node:crypto';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NodeRole } from '../cluster/cluster.ts';
import { InputError } from '../errors.ts';

/** Where one lab keeps its things; everything else about it is derived from its id. */
export interface Lab {
  /** Eight hex digits of the state folder's path: part of the name of everything the lab makes on this computer. */
  id: string;
  /** What the user sees: cluster.yml, SSH key, known_hosts, secrets.yml. */
  stateDir: string;
  /** Disks, mount points and console logs of the machines; gone with the lab. */
  machinesDir: string;
  /** Root file systems, base image and built images; shared by all labs of this computer. */
  cacheDir: string;
  /** The folder that holds `stacks/` and `secrets.example`. */
  projectDir: string;
}

/** Folder with one folder a lab, and what is remembered of the host before the first lab. */
export const labsDir = '/var/lib/kawanan';
const defaultCacheDir = '/var/cache/kawanan';
/** Most labs on one computer: one /24 each of 198.18.0.0/15. */
export const maxLabs = 512;

export interface LabNode {
  name: string;
  role: NodeRole;
  labels: Record<string, string>;
  /** 1-based; part of the names of its cgroup and interface. */
  index: number;
  /** Last byte of its address. */
  hostByte: number;
}

/** The machines of the reference cluster. */
export const labNodes: readonly LabNode[] = [
  { name: 'vm-loadbalancer1', role: 'balancer', labels: {}, index: 1, hostByte: 11 },
  { name: 'vm-loadbalancer2', role: 'balancer', labels: {}, index: 2, hostByte: 12 },
  { name: 'vm-dockerswarmmanager', role: 'manager', labels: {}, index: 3, hostByte: 13 },
  { name: 'vm-dockerswarmworker1', role: 'worker', labels: { zone: 'a' }, index: 4, hostByte: 14 },
  { name: 'vm-dockerswarmworker2', role: 'worker', labels: { zone: 'b' }, index: 5, hostByte: 15 },
];

const bridgeHostByte = 1;
const vipHostByte = 20;

export interface FindLabOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Another state folder than the checkout's: a second lab beside the first. */
  stateDir?: string;
}

/** The lab of this checkout: `KAWANAN_LAB`, or `.kawanan/lab` in the checkout kawanan runs from (in the current folder where kawanan is an installed package). */
export function findLab(options: FindLabOptions): Lab {
  const packageDir = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  const installed = packageDir.split(sep).includes('node_modules');
  const told = options.stateDir ?? options.env['KAWANAN_LAB'];
  const stateDir = told
    ? resolve(options.cwd, told)
    : join(installed ? options.cwd : packageDir, '.kawanan', 'lab');
  const cacheDir = resolve(options.cwd, options.env['KAWANAN_CACHE'] || defaultCacheDir);
  for (const path of [cacheDir, stateDir]) checkPath(path);
  const id = createHash('sha256').update(stateDir).digest('hex').slice(0, 8);
  return { id, stateDir, machinesDir: join(labsDir, id), cacheDir, projectDir: packageDir };
}

/** The `.kawanan` folder around the state folder; `undefined` where the state is somewhere else, in a folder that isn't ours. */
export function surroundingDir(lab: Pick<Lab, 'stateDir'>): string | undefined {
  const parent = dirname(lab.stateDir);
  return basename(parent) === '.kawanan' ? parent : undefined;
}

// Both end up in options of mount and in YAML; these characters separate things there.
function checkPath(path: string): void {
  if (!/[,:\\\n"]/.test(path)) return;
  throw new InputError({
    message: `the lab can't live in ${JSON.stringify(path)}: a path with a comma, colon, quote or backslash can't be mounted`,
    next: 'choose another folder with KAWANAN_LAB or KAWANAN_CACHE',
  });
}

/** The bridge of a lab; interface names have at most 15 characters. */
export function bridgeName(lab: Pick<Lab, 'id'>): string {
  return `kwn-${lab.id}`;
}

/** Name under which systemd-nspawn knows a machine; also what its interface is named after. */
export function machineName(lab: Pick<Lab, 'id'>, node: LabNode): string {
  return `k${lab.id}n${node.index}`;
}

/** The host's end of a machine's network cable; systemd-nspawn names it. */
export function linkName(lab: Pick<Lab, 'id'>, node: LabNode): string {
  return `vb-${machineName(lab, node)}`;
}

/** Comment on every iptables rule of a lab. */
export function ruleComment(lab: Pick<Lab, 'id'>): string {
  return `kawanan-lab-${lab.id}`;
}

/** Folder of one machine: `upper`, `work`, `root`, `docker`, `console.log`. */
export function nodeDir(lab: Lab, node: LabNode): string {
  return join(lab.machinesDir, 'nodes', node.name);
}

export interface LabNetwork {
  /** e.g. `198.18.0.0/24`. */
  subnet: string;
  bridgeAddress: string;
  vip: string;
  prefixLength: number;
  /** By node name. */
  addresses: Record<string, string>;
}

/** The addresses of the lab with the given number; 198.18.0.0/15 is reserved for benchmarks and collides with no home network. */
export function labNetwork(number: number): LabNetwork {
  const prefix = `198.${18 + Math.floor(number / 256)}.${number % 256}`;
  return {
    subnet: `${prefix}.0/24`,
    bridgeAddress: `${prefix}.${bridgeHostByte}`,
    vip: `${prefix}.${vipHostByte}`,
    prefixLength: 24,
    addresses: Object.fromEntries(labNodes.map((node) => [node.name, `${prefix}.${node.hostByte}`])),
  };
}

/** The smallest number whose subnet is free; `undefined` when all are taken. */
export function chooseNumber(takenSubnets: Iterable<string>): number | undefined {
  const taken = new Set(takenSubnets);
  for (let number = 0; number < maxLabs; number++) {
    if (!taken.has(labNetwork(number).subnet)) return number;
  }
  return undefined;
}

/** The node of that name; an `InputError` that names the nodes there are. */
export function findNode(name: string): LabNode {
  const node = labNodes.find((one) => one.name === name);
  if (node) return node;
  const near = labNodes.filter((one) => one.name.includes(name));
  if (near.length === 1) return near[0]!;
  throw new InputError({
    message: `the lab has no node "${name}"`,
    next: `its nodes are ${labNodes.map((one) => one.name).join(', ')}`,
  });
}
