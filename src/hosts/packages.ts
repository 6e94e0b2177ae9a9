/** The distribution's packages by role. */
import type { NodeRole } from '../cluster/cluster.ts';
import type { EngineName } from '../cluster/engine-name.ts';
import { type HostState, installedPackages } from './host-state.ts';

/** Packages that bring an engine; one that the user chose is kept. */
const enginePackages = ['docker.io', 'docker-ce', 'moby-engine'];

/** Packages that any role may need: those that a change of role leaves behind. */
export const rolePackages = [
  'docker.io',
  'haproxy',
  'nginx',
  'libnginx-mod-stream',
  'keepalived',
  'nftables',
];

const balancingPackages: Record<EngineName, string[]> = {
  haproxy: ['haproxy'],
  nginx: ['nginx', 'libnginx-mod-stream'],
};

/** The packages that a node of this role must have, given what it has already; `balancing` is what balancers run. */
export function wantedPackages(role: NodeRole, state: HostState, balancing: EngineName): string[] {
  if (role === 'balancer') return [...balancingPackages[balancing], 'keepalived', 'nftables'];
  const engine = hasForeignEngine(state) ? [] : ['docker.io'];
  // Where the kernel enforces AppArmor the engine starts no container without apparmor_parser.
  return state.apparmor ? [...engine, 'apparmor'] : engine;
}

/** Those of the wanted packages that aren't installed whole. */
export function missingPackages(role: NodeRole, state: HostState, balancing: EngineName): string[] {
  return wantedPackages(role, state, balancing).filter((name) => state.packages[name] !== 'installed');
}

/** An engine that didn't come from `docker.io`: another package, or a unit of the user's own. */
function hasForeignEngine(state: HostState): boolean {
  const installed = new Set(installedPackages(state));
  if (installed.has('docker.io')) return false;
  const unit = state.services['docker.service'];
  return enginePackages.some((name) => installed.has(name)) || unit?.load === 'loaded';
}

const unfinished = ['half-installed', 'unpacked', 'half-configured', 'triggers-awaited', 'triggers-pending'];

/** The packages that dpkg left half done. */
export function unfinishedPackages(state: HostState): string[] {
  return Object.keys(state.packages).filter((name) => unfinished.includes(state.packages[name]!));
}
