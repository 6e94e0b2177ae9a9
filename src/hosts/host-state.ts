/** What is read of a host, as plain data; everything the hosts layer plans from. */
import type { Baseline } from './baseline.ts';

/** `unknown`: nothing on the host says whether its kernel can do it (a container without its kernel's files). */
export type FeatureState = 'present' | 'missing' | 'unknown';

export interface HostFile {
  /** Octal digits, e.g. `644`. */
  mode: string;
  /** `user:group`. */
  owner: string;
  /** The bytes, base64: a file of the user's needn't be text. */
  base64: string;
}

export interface ServiceState {
  /** `not-found` where the unit doesn't exist. */
  load: string;
  active: string;
  /** Empty where systemd has no unit file. */
  enabled: string;
}

export interface OperatingSystem {
  /** `ID` of /etc/os-release, e.g. `debian`. */
  id: string;
  /** `VERSION_ID`; empty where there is none (Debian testing). */
  version: string;
  /** What the system calls itself. */
  name: string;
}

/** What a folder of data held: nothing there, there but empty, or something in it. */
export type FolderState = 'absent' | 'empty' | 'filled';

export interface HostState {
  kind: 'reached';
  system: OperatingSystem;
  /** Debian's name where there is a dpkg (`amd64`), else the kernel's (`x86_64`). */
  architecture: string;
  /** systemd is process 1. */
  systemd: boolean;
  /** Kind of container, e.g. `systemd-nspawn`; absent on a machine of its own. */
  container?: string;
  /** Package → dpkg status, e.g. `installed`, `config-files`, `half-configured`. */
  packages: Record<string, string>;
  /** dpkg was killed in the middle of a step and must be told to go on. */
  dpkgInterrupted: boolean;
  hostname: string;
  files: Record<string, HostFile>;
  /** Key → running value, white space squeezed; a key that this kernel lacks is absent. */
  sysctl: Record<string, string>;
  /** By unit name, e.g. `docker.service`. */
  services: Record<string, ServiceState>;
  /** `NAME=value` of the running engine's environment, ours only; absent when no engine runs. */
  engineEnvironment?: string[];
  kernel: { ipvs: FeatureState; overlay: FeatureState; vxlan: FeatureState };
  /** The kernel enforces AppArmor, so the engine needs its tools. */
  apparmor: boolean;
  /** Folders whose presence teardown compares. */
  folders: Record<string, FolderState>;
  /** The host's clock minus ours, and how far off that may be. */
  clock: { offsetMs: number; uncertaintyMs: number };
  baseline?: Baseline;
  /** Packages that an install of ours brought, dependencies included. */
  brought: string[];
  /** Login names and groups, and the policy of the firewall's forward chain: only read while there is no baseline. */
  accounts?: { users: string[]; groups: string[] };
  forwardPolicy?: string;
}

/** A host that couldn't be reached or read; the error says why and what to do. */
export interface UnreachableHost {
  kind: 'unreachable';
  error: unknown;
}

export interface HostsObserved {
  /** By name in the cluster file. */
  nodes: Record<string, HostState | UnreachableHost>;
}

/** A file's content as text, without caring whether it is. */
export function readText(file: HostFile | undefined): string | undefined {
  return file === undefined ? undefined : Buffer.from(file.base64, 'base64').toString('utf8');
}

/** The packages that are installed, whole or in part; not those of which only configuration is left. */
export function installedPackages(state: HostState): string[] {
  return Object.keys(state.packages).filter(
    (name) => !['config-files', 'not-installed'].includes(state.packages[name]!),
  );
}

/**
 * The nodes whose kernel has no IPVS: the ingress mesh and virtual service addresses (`endpoint_mode: vip`)
 * accept connections there and never answer.
 */
export function findNodesWithoutIpvs(observed: HostsObserved): string[] {
  return Object.entries(observed.nodes)
    .filter(([, state]) => state.kind === 'reached' && state.kernel.ipvs === 'missing')
    .map(([name]) => name);
}
