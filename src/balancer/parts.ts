/** What must stand on one balancer: its files and units, as plain data. No I/O here. */
import { balancers, type Cluster, type ClusterNode } from '../cluster/cluster.ts';
import type { BalancerModel } from './backends.ts';
import { renderHaproxyConfig } from './haproxy/render-haproxy.ts';
import {
  checkScriptPath,
  renderCheckScript,
  renderKeepalivedConfig,
  type VirtualAddressModel,
} from './keepalived/render-keepalived.ts';
import { renderNftables } from './keepalived/render-nftables.ts';
import {
  nftRulesPath,
  renderHaproxyDropIn,
  renderKeepalivedDropIn,
  renderNftablesUnit,
} from './render-units.ts';
import { digestOf } from './seal.ts';

export const haproxyConfigPath = '/etc/haproxy/haproxy.cfg';
export const keepalivedConfigPath = '/etc/keepalived/keepalived.conf';

/** Packages bring these files: what was there before is kept and comes back at the end. */
export const packagedFiles: readonly string[] = [haproxyConfigPath, keepalivedConfigPath];

/** In the order in which they are put on a balancer; taken away backwards. */
export const partNames = ['nftables', 'haproxy', 'keepalived'] as const;
export type PartName = (typeof partNames)[number];

export const partUnits: Record<PartName, string> = {
  nftables: 'kawanan-nftables.service',
  haproxy: 'haproxy.service',
  keepalived: 'keepalived.service',
};

/** Every file of a part, whether a balancer needs it or not: what is looked at and what removal takes away. */
export const partFiles: Record<PartName, readonly string[]> = {
  nftables: [nftRulesPath, '/etc/systemd/system/kawanan-nftables.service'],
  haproxy: ['/etc/systemd/system/haproxy.service.d/kawanan.conf', haproxyConfigPath],
  keepalived: [
    checkScriptPath,
    '/etc/systemd/system/keepalived.service.d/kawanan.conf',
    keepalivedConfigPath,
  ],
};

export interface PartFile {
  path: string;
  content: string;
  mode: number;
}

export interface Part {
  name: PartName;
  /** In the order they are written: what another file refers to comes first, the service's own configuration last. */
  files: PartFile[];
  /** Of all files together. */
  digest: string;
}

/** Whether these balancers share a virtual address. */
export function describeVip(cluster: Cluster): VirtualAddressModel | undefined {
  const { balancer } = cluster;
  if (!balancer?.vip) return undefined;
  return {
    vip: balancer.vip,
    failover: balancer.failover,
    balancers: balancers(cluster).map(({ name, address }) => ({ name, address })),
  };
}

/**
 * The parts of one balancer; the packet filter only where the host has `nft` and there is VRRP to filter.
 * `interfaceName` is empty where the node's address is translated: nothing on the host can listen on it then.
 */
export function buildParts(
  model: BalancerModel,
  cluster: Cluster,
  node: ClusterNode,
  host: { interfaceName: string; hasNft: boolean },
): Part[] {
  const shared = describeVip(cluster);
  const texts: Record<PartName, string[] | undefined> = {
    nftables:
      shared && host.hasNft
        ? [
            renderNftables(
              shared.balancers.filter((one) => one.name !== node.name).map((one) => one.address),
            ),
            renderNftablesUnit(),
          ]
        : undefined,
    haproxy: [
      renderHaproxyDropIn({ withVip: shared !== undefined }),
      renderHaproxyConfig(model, host.interfaceName === '' ? {} : node),
    ],
    keepalived: shared && [
      renderCheckScript(),
      renderKeepalivedDropIn(shared.vip, host.interfaceName),
      renderKeepalivedConfig(shared, { name: node.name, interfaceName: host.interfaceName }),
    ],
  };
  return partNames.flatMap((name) => {
    const contents = texts[name];
    if (!contents) return [];
    const files = contents.map((content, index) => {
      const path = partFiles[name][index]!;
      return { path, content, mode: path === checkScriptPath ? 0o755 : 0o644 };
    });
    return [{ name, files, digest: digestOf(contents.join('\0')) }];
  });
}
