/** What Prometheus asks, from the plan: machines, balancers and frontends, as its file discovery reads them. No I/O here. */
import type { BalancerModel } from '../balancer/backends.ts';
import { statisticsPort } from '../balancer/definition.ts';
import { balancers, type Cluster, listVirtualAddresses } from '../cluster/cluster.ts';

/** Where node exporters listen, at each machine's own address. */
export const nodeExporterPort = 9100;

/** One entry of a file of Prometheus' `file_sd`. */
export interface TargetGroup {
  targets: string[];
  labels: Record<string, string>;
}

/** By the name of the file under `stacks/monitoring/targets/`. */
export const targetFiles = ['nodes', 'balancers', 'nginx', 'frontends'] as const;
export type MonitoringTargets = Record<(typeof targetFiles)[number], TargetGroup[]>;

/** The targets of a cluster. Where balancers keep their statistics to themselves, they are no targets. */
export function listTargets(cluster: Cluster, { engine, frontends }: BalancerModel): MonitoringTargets {
  const statistics = balancers(cluster)
    .filter(() => cluster.balancer?.privateStatistics === undefined)
    .map(({ name, address }) => ({
      targets: [`${address}:${statisticsPort}`],
      labels: { instance: name, node: name },
    }));
  const doors = frontAddresses(cluster).flatMap((vip) =>
    frontends.map(({ name, listen, mode, tls }) => ({
      targets: [mode === 'tcp' ? `${vip}:${listen}` : `${tls ? 'https' : 'http'}://${vip}:${listen}/`],
      labels: { instance: `${name}@${vip}`, frontend: name, vip, __param_module: mode },
    })),
  );
  return {
    nodes: cluster.nodes.map(({ name, address, role }) => ({
      targets: [`${address}:${nodeExporterPort}`],
      labels: { instance: name, node: name, role },
    })),
    balancers: engine === 'haproxy' ? statistics : [],
    nginx: engine === 'nginx' ? statistics : [],
    frontends: doors,
  };
}

/** The virtual addresses; without one, clients use the balancers' own. */
function frontAddresses(cluster: Cluster): string[] {
  const vips = listVirtualAddresses(cluster).map(({ address }) => address);
  return vips.length > 0 ? vips : balancers(cluster).map(({ address }) => address);
}
