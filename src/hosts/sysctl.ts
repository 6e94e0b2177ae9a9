/** Kernel settings by role, and the drop-in that makes them last. */
import type { NodeRole } from '../cluster/cluster.ts';

const balancerSettings: Record<string, string> = {
  // HAProxy binds the virtual address on the balancer that doesn't hold it, too.
  'net.ipv4.ip_nonlocal_bind': '1',
  // A proxy opens a connection of its own for each it accepts: more ports, above those it listens on.
  'net.ipv4.ip_local_port_range': '10240 65535',
  'net.core.somaxconn': '8192',
};

const swarmSettings: Record<string, string> = {
  // The engine sets it when it starts; written down, another service's sysctl run doesn't take it back.
  'net.ipv4.ip_forward': '1',
  'net.core.somaxconn': '8192',
};

/** All keys that any role sets: those worth reading on a host. */
export const sysctlKeys = [
  ...new Set([...Object.keys(balancerSettings), ...Object.keys(swarmSettings)]),
].toSorted();

/** The settings of a node by its role. */
export function wantedSysctl(role: NodeRole): Record<string, string> {
  return role === 'balancer' ? balancerSettings : swarmSettings;
}

/** The whole drop-in for `systemd-sysctl`. */
export function renderSysctlFile(settings: Record<string, string>): string {
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}`);
  return ['# Written by kawanan; replaced as a whole.', ...lines, ''].join('\n');
}

/** Where the kernel shows a key, e.g. `/proc/sys/net/ipv4/ip_forward`. */
export function sysctlFile(key: string): string {
  return `/proc/sys/${key.replaceAll('.', '/')}`;
}
