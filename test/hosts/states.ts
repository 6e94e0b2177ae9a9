import type { Cluster, ClusterNode, NodeRole } from '../../src/cluster/cluster.ts';
import { makeBaseline } from '../../src/hosts/baseline.ts';
import { engineDropIn, engineVariable } from '../../src/hosts/engine-drop-in.ts';
import type { HostFile, HostState, HostsObserved } from '../../src/hosts/host-state.ts';
import { renderHostsBlock, replaceHostsBlock } from '../../src/hosts/hosts-file.ts';
import { engineDropInPath, hostsPath, sysctlPath } from '../../src/hosts/paths.ts';
import { renderSysctlFile, wantedSysctl } from '../../src/hosts/sysctl.ts';

const ssh = { user: 'root', port: 22 };

export function makeNode(
  name: string,
  address: string,
  role: NodeRole,
  extra: Partial<ClusterNode> = {},
): ClusterNode {
  return { name, address, role, labels: {}, availability: 'active', ssh, ...extra };
}

export function makeCluster(nodes: ClusterNode[]): Cluster {
  return {
    name: 'test',
    file: '/cluster.yml',
    nodes,
    balancer: { engine: 'haproxy', vip: { address: '198.18.0.20', prefixLength: 24 }, failover: 'safe' },
    stacks: [],
    images: { archives: {} },
    variables: {},
    warnings: [],
  };
}

export function makeFile(text: string): HostFile {
  return { mode: '644', owner: 'root:root', base64: Buffer.from(text).toString('base64') };
}

/** A machine as its installer left it, called `debian`. */
export function makeBareHost(extra: Partial<HostState> = {}): HostState {
  return {
    kind: 'reached',
    system: { id: 'debian', version: '13', name: 'Debian GNU/Linux 13 (trixie)' },
    architecture: 'amd64',
    systemd: true,
    packages: { base: 'installed' },
    dpkgInterrupted: false,
    hostname: 'debian',
    files: { '/etc/hostname': makeFile('debian\n'), [hostsPath]: makeFile('127.0.0.1 localhost\n') },
    sysctl: {
      'net.core.somaxconn': '4096',
      'net.ipv4.ip_forward': '0',
      'net.ipv4.ip_local_port_range': '32768 60999',
      'net.ipv4.ip_nonlocal_bind': '0',
    },
    services: {
      'docker.service': { load: 'not-found', active: 'inactive', enabled: '' },
      'systemd-timesyncd.service': { load: 'loaded', active: 'active', enabled: 'enabled' },
    },
    kernel: { ipvs: 'present', overlay: 'present', vxlan: 'present' },
    apparmor: false,
    folders: {},
    clock: { offsetMs: 0, uncertaintyMs: 20 },
    brought: [],
    accounts: { users: ['root'], groups: ['root'] },
    ...extra,
  };
}

/** The same machine once everything is as its role wants it. */
export function makeReadyHost(
  cluster: Cluster,
  node: ClusterNode,
  extra: Partial<HostState> = {},
): HostState {
  const bare = makeBareHost();
  const balancer = node.role === 'balancer';
  const wanted = wantedSysctl(node.role);
  const { accounts: _, ...rest } = bare;
  return {
    ...rest,
    baseline: makeBaseline(cluster.name, bare),
    hostname: node.name,
    packages: {
      ...bare.packages,
      ...(balancer
        ? { haproxy: 'installed', keepalived: 'installed', nftables: 'installed', perl: 'installed' }
        : { 'docker.io': 'installed', runc: 'installed' }),
    },
    brought: balancer ? ['haproxy', 'keepalived', 'nftables', 'perl'] : ['docker.io', 'runc'],
    files: {
      '/etc/hostname': makeFile(`${node.name}\n`),
      [hostsPath]: makeFile(replaceHostsBlock('127.0.0.1 localhost\n', renderHostsBlock(cluster))),
      [sysctlPath]: makeFile(renderSysctlFile(wanted)),
      ...(balancer ? {} : { [engineDropInPath]: makeFile(engineDropIn) }),
    },
    sysctl: { ...bare.sysctl, ...wanted },
    services: {
      ...bare.services,
      ...(balancer ? {} : { 'docker.service': { load: 'loaded', active: 'active', enabled: 'enabled' } }),
    },
    ...(balancer ? {} : { engineEnvironment: [engineVariable], folders: { '/var/lib/docker': 'filled' } }),
    ...extra,
  };
}

export function observe(states: Record<string, HostsObserved['nodes'][string]>): HostsObserved {
  return { nodes: states };
}
