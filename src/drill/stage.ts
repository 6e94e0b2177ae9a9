/** What a drill acts on. */
import type { Holding } from '../balancer/keepalived/holders.ts';
import { readHolders } from '../balancer/keepalived/read-holders.ts';
import type { Cluster, ClusterNode } from '../cluster/cluster.ts';
import { balancers, swarmNodes } from '../cluster/cluster.ts';
import { UserError } from '../errors.ts';
import type { Lab } from '../lab/lab.ts';
import type { Host, Hosts } from '../remote/host.ts';
import { createHosts } from '../remote/hosts.ts';
import { colors, nameInColor } from '../stack/blue-green.ts';
import type { ServiceRole, Where } from './scenario/drill.ts';

/** A service that the balancers serve, as drills see it. */
export interface DrilledService {
  /** As the compose file calls it. */
  key: string;
  /** As the swarm calls it. */
  name: string;
  role: 'application' | ServiceRole;
}

export interface Stage {
  cluster: Cluster;
  /** Absolute path of the cluster file, for what kawanan itself is told to do. */
  clusterFile: string;
  /** The lab whose machines these are; absent on a cluster of one's own. */
  lab?: Lab;
  services: DrilledService[];
  signal: AbortSignal;
  /** Tells what is done right now. */
  report(message: string): void;
}

/** Runs `work` with connections of its own: those from before a fault may hang. */
export async function withHosts<Result>(
  { cluster }: Pick<Stage, 'cluster'>,
  work: (hosts: Hosts) => Promise<Result>,
): Promise<Result> {
  const hosts = createHosts(cluster);
  try {
    return await work(hosts);
  } finally {
    await hosts.close();
  }
}

/** Runs `work` on one machine. */
export function onHost<Result>(
  stage: Pick<Stage, 'cluster'>,
  name: string,
  work: (host: Host) => Promise<Result>,
): Promise<Result> {
  return withHosts(stage, async (hosts) => work(await hosts.connect(name)));
}

/** Who holds each virtual address right now; balancers that can't be reached hold nothing as far as is known. */
export function findHoldings(stage: Pick<Stage, 'cluster'>): Promise<Holding[]> {
  return withHosts(stage, (hosts) => readHolders(stage.cluster, hosts));
}

/** The balancers that hold the first virtual address. */
export async function findVipHolders(stage: Pick<Stage, 'cluster'>): Promise<string[]> {
  return (await findHoldings(stage))[0]?.holders ?? [];
}

/** The machines that `where` stands for right now. @throws UserError when there is none. */
export async function findMachines(where: Where, stage: Stage): Promise<string[]> {
  const { cluster } = stage;
  const all = balancers(cluster).map(({ name }) => name);
  const found = await (async (): Promise<string[]> => {
    if (where === 'every balancer') return all;
    if (where === 'a worker') return [await findBusyWorker(stage)];
    if (where === 'the leader') return [await findLeader(stage)];
    const holders = await findVipHolders(stage);
    // One balancer alone is the active one.
    const active = holders.length > 0 ? holders : all.slice(0, all.length === 1 ? 1 : 0);
    return where === 'active balancer'
      ? active.slice(0, 1)
      : all.filter((name) => !active.includes(name)).slice(0, 1);
  })();
  if (found.length > 0) return found;
  throw new UserError(`there is no ${where} to break right now`, {
    next: 'kawanan status shows who holds the virtual address',
  });
}

/** A running container of a service, and the node it is on. */
export interface FoundContainer {
  node: string;
  id: string;
}

/** Running containers of a service, by node in the order of the cluster file. */
export async function findContainers(stage: Stage, service: DrilledService): Promise<FoundContainer[]> {
  return withHosts(stage, async (hosts) => {
    const lists = await Promise.all(
      swarmNodes(stage.cluster).map(async ({ name }): Promise<FoundContainer[]> => {
        try {
          const engine = (await hosts.connect(name)).engine();
          const ofColors = await Promise.all(
            // whichever serves, where it is updated blue-green
            colors.map((color) => {
              const label = [`com.docker.swarm.service.name=${nameInColor(service.name, color)}`];
              return engine.listContainers({ filters: { label, status: ['running'] } });
            }),
          );
          return ofColors.flat().map(({ Id }) => ({ node: name, id: Id }));
        } catch (error) {
          if (error instanceof UserError) return [];
          throw error;
        }
      }),
    );
    return lists.flat();
  });
}

/** The services of a role; the one that drills are about comes first. */
export function findServices(stage: Stage, role: DrilledService['role']): DrilledService[] {
  return stage.services.filter((service) => service.role === role);
}

async function findBusyWorker(stage: Stage): Promise<string> {
  const isWorker = (node: ClusterNode): boolean => node.role === 'worker';
  const workers = stage.cluster.nodes.filter(isWorker).map(({ name }) => name);
  const [service] = findServices(stage, 'application');
  const busy = service ? await findContainers(stage, service) : [];
  const found = busy.find(({ node }) => workers.includes(node))?.node ?? workers[0];
  if (found !== undefined) return found;
  throw new UserError('the cluster has no worker to break', {
    next: 'drills of workers need one in the cluster file',
  });
}

async function findLeader(stage: Stage): Promise<string> {
  const { connectManager } = await import('../swarm/connect-manager.ts');
  return withHosts(stage, async (hosts) => {
    const { engine } = await connectManager(stage.cluster, hosts);
    const nodes = (await engine.listNodes()) as {
      Description: { Hostname: string };
      ManagerStatus?: { Leader?: boolean };
    }[];
    return nodes.find(({ ManagerStatus }) => ManagerStatus?.Leader)?.Description.Hostname ?? '';
  });
}
