/** Gets a stage ready: what the balancers serve, and whether the machines are a lab's. */

import type { BalancerModel } from '../balancer/backends.ts';
import { planStacksBackends } from '../balancer/backends.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { findLab, type Lab } from '../lab/lab.ts';
import { readLabStatus } from '../lab/status.ts';
import type { StackDefinition } from '../stack/definition.ts';
import type { DrilledService, Stage } from './stage.ts';

export interface StageRequest {
  cluster: Cluster;
  /** Of every stack of the cluster. */
  definitions: readonly StackDefinition[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
  report: (message: string) => void;
}

/** The stage of a cluster, and what its balancers do. */
export async function openStage(request: StageRequest): Promise<{ stage: Stage; model: BalancerModel }> {
  const { cluster, definitions, cwd, env, signal, report } = request;
  const model = planStacksBackends(
    definitions.map((definition) => ({ definition })),
    cluster,
  );
  const lab = await findLabOf(cluster, findLab({ cwd, env }));
  const stage: Stage = {
    cluster,
    clusterFile: cluster.file,
    ...(lab && { lab }),
    services: listServices(definitions, model),
    signal,
    report,
  };
  return { stage, model };
}

/** The lab, if the cluster's machines are that lab's. */
async function findLabOf(cluster: Cluster, lab: Lab): Promise<Lab | undefined> {
  const { nodes } = await readLabStatus(lab);
  const known = new Map(nodes.map(({ name, address }) => [name, address]));
  return cluster.nodes.length > 0 && cluster.nodes.every(({ name, address }) => known.get(name) === address)
    ? lab
    : undefined;
}

const databaseImage = /(^|\/)(mysql|mariadb|postgres)/;
const storeImage = /(^|\/)minio/;

/** The application first: the service behind the last route of the first http frontend. */
function listServices(
  definitions: readonly StackDefinition[],
  { frontends, backends }: BalancerModel,
): DrilledService[] {
  const route = frontends.find(({ mode }) => mode === 'http')?.routes.at(-1);
  const main = backends.find(({ name }) => name === route?.backend)?.servers[0]?.service;
  const all = definitions.flatMap(({ services }) => services);
  const services = all.map(({ key, spec }): DrilledService => {
    const image = spec.TaskTemplate.ContainerSpec?.Image ?? '';
    const role = databaseImage.test(image)
      ? 'database'
      : storeImage.test(image)
        ? 'object store'
        : 'application';
    return { key, name: spec.Name, role };
  });
  return services.toSorted((a, b) => Number(b.key === main) - Number(a.key === main));
}
