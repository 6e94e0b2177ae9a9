/** What must stand on one balancer: its files and units, as plain data. No I/O here. */
import { balancers, type Cluster, type ClusterNode, listVirtualAddresses } from '../cluster/cluster.ts';
import { type EngineName, engineNames } from '../cluster/engine-name.ts';
import type { BalancerModel } from './backends.ts';
import { listEngineFiles, type PartFile } from './engine-files.ts';
import { watchCommand, watchPathIn, watchScript } from './engine-watch.ts';
import { engines } from './engines.ts';
import {
  checkScriptPath,
  renderCheckScript,
  renderKeepalivedConfig,
  type VirtualAddressModel,
} from './keepalived/render-keepalived.ts';
import { renderNftables } from './keepalived/render-nftables.ts';
import {
  nftRulesPath,
  renderEngineDropIn,
  renderKeepalivedDropIn,
  renderNftablesUnit,
} from './render-units.ts';
import { digestOf } from './seal.ts';

export const keepalivedConfigPath = '/etc/keepalived/keepalived.conf';

/** Packages bring these files: what was there before is kept and comes back at the end. */
export const packagedFiles: readonly string[] = [
  ...engineNames.map((name) => engines[name].configPath),
  keepalivedConfigPath,
];

/** In the order in which they are put on a balancer; taken away backwards. */
export const partNames = ['nftables', ...engineNames, 'keepalived'] as const;
export type PartName = (typeof partNames)[number];

export const partUnits: Record<PartName, string> = {
  nftables: 'kawanan-nftables.service',
  haproxy: engines.haproxy.unit,
  nginx: engines.nginx.unit,
  keepalived: 'keepalived.service',
};

/** Whether a part is one of the engines, of which a balancer runs one. */
export function isEngine(part: PartName): part is EngineName {
  return engineNames.some((name) => name === part);
}

/**
 * The files of a part that have the same name everywhere, whether a balancer needs them or not: what is looked at and
 * what removal takes away. Certificates and pages lie in the engine's own folder.
 */
export const partFiles: Record<PartName, readonly string[]> = {
  nftables: [nftRulesPath, '/etc/systemd/system/kawanan-nftables.service'],
  haproxy: [engines.haproxy.dropInPath, engines.haproxy.configPath],
  nginx: [engines.nginx.dropInPath, engines.nginx.configPath],
  keepalived: [
    checkScriptPath,
    '/etc/systemd/system/keepalived.service.d/kawanan.conf',
    keepalivedConfigPath,
  ],
};

export interface Part {
  name: PartName;
  /** In the order they are written: what another file refers to comes first, the service's own configuration last. */
  files: PartFile[];
  /** Of all files together. */
  digest: string;
}

/** Whether these balancers share a virtual address. */
export function describeVip(cluster: Cluster): VirtualAddressModel | undefined {
  const vips = listVirtualAddresses(cluster);
  const { balancer } = cluster;
  if (!balancer || vips.length === 0) return undefined;
  const { failover, failbackAfterSeconds } = balancer;
  return {
    vips,
    failover,
    ...(failbackAfterSeconds !== undefined && { failbackAfterSeconds }),
    balancers: balancers(cluster).map(({ name, address }) => ({ name, address })),
  };
}

/** What is known of the machine that the parts are for. */
export interface PartPlace {
  /** Empty where the node's address is translated: nothing on the host can listen on it then. */
  interfaceName: string;
  hasNft: boolean;
  /** Of the engine. */
  version?: string;
  /** Servers that were drained by hand, as `backend/server`, where only the configuration remembers them. */
  held?: ReadonlySet<string>;
}

/** The parts of one balancer; the packet filter only where the host has `nft` and there is VRRP to filter. */
export function buildParts(
  model: BalancerModel,
  cluster: Cluster,
  node: ClusterNode,
  place: PartPlace,
): Part[] {
  const shared = describeVip(cluster);
  const texts: Record<Exclude<PartName, EngineName>, string[] | undefined> = {
    nftables:
      shared && place.hasNft
        ? [
            renderNftables(
              shared.balancers.filter((one) => one.name !== node.name).map((one) => one.address),
            ),
            renderNftablesUnit(),
          ]
        : undefined,
    keepalived: shared && [
      renderCheckScript(),
      renderKeepalivedDropIn(shared.vips, place.interfaceName),
      renderKeepalivedConfig(shared, { name: node.name, interfaceName: place.interfaceName }),
    ],
  };
  return partNames.flatMap((name) => {
    if (isEngine(name)) return name === model.engine ? [buildEnginePart(model, cluster, node, place)] : [];
    const contents = texts[name];
    if (!contents) return [];
    const files = contents.map((content, index) => {
      const path = partFiles[name][index]!;
      return { path, content, mode: path === checkScriptPath ? 0o755 : 0o644 };
    });
    return [{ name, files, digest: digestOf(contents.join('\0')) }];
  });
}

function buildEnginePart(
  model: BalancerModel,
  cluster: Cluster,
  node: ClusterNode,
  { interfaceName, version, held }: PartPlace,
): Part {
  const reachable = interfaceName !== '' && !cluster.balancer?.privateStatistics;
  const { render, configPath, dropInPath, folder, beforeStart } = engines[model.engine];
  const config = render(model, {
    ...(reachable && { address: node.address }),
    ...(version !== undefined && { version }),
    ...(held && { held }),
  });
  const shared = describeVip(cluster) !== undefined;
  const watch = shared ? watchCommand(model.engine) : undefined;
  const dropIn = renderEngineDropIn({ watch, beforeStart });
  return {
    name: model.engine,
    files: [
      { path: dropInPath, content: dropIn, mode: 0o644 },
      ...(shared ? [{ path: watchPathIn(folder), content: watchScript, mode: 0o644 }] : []),
      ...listEngineFiles(model, folder),
      { path: configPath, content: config, mode: 0o644 },
    ],
    digest: digestOf(`${dropIn}\0${config}`),
  };
}
