/** Looks at every hop between a client and the tasks, side by side. Changes nothing. */
import type { BalancerModel } from '../../balancer/backends.ts';
import { engines } from '../../balancer/engines.ts';
import { type BalancerNodeStatus, readBalancerStatus } from '../../balancer/status.ts';
import { balancers, type Cluster } from '../../cluster/cluster.ts';
import { UserError } from '../../errors.ts';
import type { Hosts } from '../../remote/host.ts';
import type { ServiceStatus, StackStatus, TaskStatus } from '../../stack/status.ts';
import { connectFromHost } from './connect-from-host.ts';
import type { Outcome } from './connection.ts';
import { type ContainerEvidence, readContainers } from './container-evidence.ts';
import type { BalancerEvidence, PathEvidence, ServerEvidence, TaskEvidence } from './evidence.ts';
import { observeFrontends } from './observe-frontends.ts';
import { observeLinks } from './observe-links.ts';
import { pickPresent } from './pick-present.ts';

/** What must be known before the path can be walked. */
export interface PathRequest {
  cluster: Cluster;
  hosts: Hosts;
  model: BalancerModel;
  stacks: StackStatus[];
  /** Swarm nodes that the swarm calls ready. */
  readyNodes: string[];
}

/** Every hop of the path as it is right now. Throws only what is a defect of ours. */
export async function observePath(request: PathRequest): Promise<PathEvidence> {
  const { cluster, hosts, model, stacks } = request;
  const running = stacks.flatMap(({ services }) => services.flatMap(({ tasks }) => tasks)).filter(isRunning);
  const [status, containers, frontends, outcomes] = await Promise.all([
    readBalancerStatus(cluster, hosts),
    readContainers(running, hosts),
    observeFrontends(request),
    observeServers(request),
  ]);
  const servers = listServers(model).map((server, index): ServerEvidence => {
    const { frontend, name, node, service, meshed, color, target } = server;
    const from = (host: string): Outcome | undefined => outcomes.get(host)?.[index];
    const fromNode = from(node);
    return {
      frontend,
      name,
      node,
      service,
      ...(meshed && { meshed }),
      ...(color && { color }),
      target,
      ...(fromNode && { fromNode }),
      fromBalancers: pickPresent(balancers(cluster).map(({ name: host }) => [host, from(host)])),
      states: pickPresent(status.nodes.map((one) => [one.name, findState(one, server)])),
    };
  });
  return {
    frontends,
    balancers: status.nodes.map(describeBalancer),
    servers,
    tasks: stacks.flatMap(({ services }) =>
      services.flatMap((service) => service.tasks.map((task) => describeTask(service, task, containers))),
    ),
    links: await observeLinks(request, containers),
  };
}

function isRunning({ state }: TaskStatus): boolean {
  return state === 'running' || state === 'starting';
}

/** A server before anybody has asked it anything. */
interface KnownServer extends Omit<ServerEvidence, 'fromNode' | 'fromBalancers' | 'states'> {
  backend: string;
}

function listServers({ frontends, backends }: BalancerModel): KnownServer[] {
  return frontends.flatMap((frontend) => {
    const names = [...new Set(frontend.routes.map(({ backend }) => backend))];
    return backends
      .filter(({ name }) => names.includes(name))
      .flatMap(({ name: backend, check, servers }) =>
        servers.map(({ name, node, service, meshed, color, address, port }) => ({
          frontend: frontend.name,
          backend,
          name,
          node,
          service,
          ...(meshed && { meshed }),
          ...(color && { color }),
          target: { address, port, ask: check },
        })),
      );
  });
}

/** By host: what became of a connection to each server, in the order of `listServers`; hosts that let nobody in are missing. */
async function observeServers({
  cluster,
  hosts,
  model,
}: PathRequest): Promise<Map<string, (Outcome | undefined)[]>> {
  const servers = listServers(model);
  const ask = async (host: string, indexes: number[]): Promise<[string, (Outcome | undefined)[]]> => {
    const outcomes: (Outcome | undefined)[] = servers.map(() => undefined);
    try {
      const from = { host: await hosts.connect(host) };
      const seen = await connectFromHost(
        from,
        indexes.map((index) => servers[index]!.target),
      );
      for (const [position, index] of indexes.entries()) outcomes[index] = seen[position];
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
    return [host, outcomes];
  };
  const nodes = [...new Set(servers.map(({ node }) => node))];
  return new Map(
    await Promise.all([
      ...nodes.map((node) =>
        ask(
          node,
          servers.flatMap((server, index) => (server.node === node ? [index] : [])),
        ),
      ),
      ...balancers(cluster).map(({ name }) => ask(name, [...servers.keys()])),
    ]),
  );
}

function findState(
  { backends }: BalancerNodeStatus,
  { backend, name }: KnownServer,
): ServerEvidence['states'][string] | undefined {
  const state = backends.find((one) => one.name === backend)?.servers.find((one) => one.name === name);
  return state && { status: state.status, check: state.check, up: state.up };
}

function describeBalancer({
  name,
  address,
  unreachable,
  engine,
  engineState,
  holds,
}: BalancerNodeStatus): BalancerEvidence {
  return {
    name,
    address,
    ...(unreachable !== undefined && { unreachable }),
    proxy: engineState,
    unit: engines[engine].unit,
    holdsVip: holds.length > 0,
  };
}

function describeTask(
  { key, color }: Pick<ServiceStatus, 'key' | 'color'>,
  task: TaskStatus,
  containers: ContainerEvidence[],
): TaskEvidence {
  const unhealthy = containers.find(({ taskId }) => taskId === task.id)?.unhealthy;
  return {
    service: key,
    ...(color && { color }),
    node: task.node ?? '',
    state: task.state,
    ...(task.error !== undefined && { error: task.error }),
    ...(unhealthy !== undefined && { unhealthy }),
  };
}
