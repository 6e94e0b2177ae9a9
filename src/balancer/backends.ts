/** Which servers stand behind the balancers: from the published ports and the nodes that placement allows. No I/O here. */
import { balancers, type Cluster, swarmNodes } from '../cluster/cluster.ts';
import { InputError } from '../errors.ts';
import type { StackDefinition } from '../stack/definition.ts';
import { findEligibleNodes, selectKnowableConstraints, toPlacementNode } from '../stack/placement.ts';
import { type BalanceAlgorithm, type Check, type Frontend, parseBalancer, type Route } from './definition.ts';
import type { PublishedPort } from './published-ports.ts';

export interface ServerModel {
  /** `node-service`: the same on every run, so that state survives a reload. */
  name: string;
  address: string;
  port: number;
  node: string;
  service: string;
}

export interface BackendModel {
  /** `frontend.service`, or `frontend.servers` where several services answer. */
  name: string;
  mode: 'http' | 'tcp';
  balance: BalanceAlgorithm;
  check: Check;
  timeouts: { server: string; queue: string };
  /** Connections to one server at a time. */
  maxconn?: number;
  servers: ServerModel[];
}

export interface FrontendModel {
  name: string;
  listen: number;
  mode: 'http' | 'tcp';
  timeouts: { client: string };
  routes: { path?: string; host?: string; backend: string }[];
}

/** All that a balancer's HAProxy should do, the same on each balancer. */
export interface BalancerModel {
  frontends: FrontendModel[];
  backends: BackendModel[];
  warnings: string[];
}

/**
 * The frontends and backends of a stack on a cluster; empty without a stack.
 *
 * @throws InputError when `x-balancer` is wrong or a frontend's port is the one SSH listens on.
 */
export function planBackends(definition: StackDefinition | undefined, cluster: Cluster): BalancerModel {
  const model: BalancerModel = { frontends: [], backends: [], warnings: [] };
  if (!definition) return model;
  const { frontends, warnings } = parseBalancer(definition);
  checkSshPorts(frontends, definition, cluster);
  model.warnings.push(...warnings);
  for (const frontend of frontends) addFrontend(model, frontend, cluster);
  model.warnings.push(...warnOfIngress(frontends));
  return model;
}

function addFrontend(model: BalancerModel, frontend: Frontend, cluster: Cluster): void {
  const { name, listen, mode, balance, timeouts, maxconn } = frontend;
  const routes = frontend.routes.map((route) => {
    const backend = nameBackend(model, name, route);
    const servers = route.ports.flatMap((port) => listServers(port, cluster));
    if (servers.length === 0) {
      const services = route.ports.map((port) => port.service).join(', ');
      model.warnings.push(`${name}: no node may run ${services}: nothing will answer`);
    }
    model.backends.push({
      name: backend,
      mode,
      balance,
      check: route.check,
      timeouts: { server: timeouts.server, queue: timeouts.queue },
      ...(maxconn !== undefined && { maxconn }),
      servers,
    });
    return {
      ...(route.path !== undefined && { path: route.path }),
      ...(route.host !== undefined && { host: route.host }),
      backend,
    };
  });
  model.frontends.push({ name, listen, mode, timeouts: { client: timeouts.client }, routes });
}

/** A dot can't stand in a frontend's name, so the names of two frontends' backends never meet. */
function nameBackend(model: BalancerModel, frontend: string, { ports }: Route): string {
  const services = [...new Set(ports.map((port) => port.service))];
  const name = `${frontend}.${services.length === 1 ? toServerWord(services[0]!) : 'servers'}`;
  const taken = (candidate: string): boolean => model.backends.some((backend) => backend.name === candidate);
  let unique = name;
  for (let number = 2; taken(unique); number++) unique = `${name}.${number}`;
  return unique;
}

function listServers(port: PublishedPort, cluster: Cluster): ServerModel[] {
  const nodes =
    port.mode === 'host'
      ? findEligibleNodes(
          selectKnowableConstraints(port.constraints),
          swarmNodes(cluster).map(toPlacementNode),
        )
      : swarmNodes(cluster).map(toPlacementNode);
  return nodes.map((node) => ({
    name: `${toServerWord(node.hostname)}-${toServerWord(port.service)}`,
    address: node.address,
    port: port.published,
    node: node.hostname,
    service: port.service,
  }));
}

/** Names of servers and backends hold letters, digits, `-`, `_`, `.` and `:` only. */
function toServerWord(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_.:-]/g, '_');
}

function warnOfIngress(frontends: Frontend[]): string[] {
  const ports = frontends.flatMap((frontend) => frontend.routes.flatMap((route) => route.ports));
  const services = [...new Set(ports.filter((port) => port.mode === 'ingress').map((port) => port.service))];
  if (services.length === 0) return [];
  return [
    `${services.join(', ')}: published through the ingress mesh: every swarm node is a server, so least-connection counts nodes and not tasks, the application sees a node's address instead of the client's, and a node whose kernel has no IPVS can't serve it; "mode: host" avoids all three`,
  ];
}

function checkSshPorts(frontends: Frontend[], definition: StackDefinition, cluster: Cluster): void {
  const problems = frontends.flatMap(({ name, listen }) =>
    balancers(cluster)
      .filter((node) => node.ssh.port === listen)
      .map((node) => ({
        file: definition.file,
        ...definition.xBalancer?.locate([name, 'listen']),
        path: `x-balancer.${name}.listen`,
        message: `port ${listen} is where SSH listens on ${node.name}`,
        next: 'give the frontend another port under x-balancer',
      })),
  );
  if (problems.length > 0) throw new InputError(problems);
}
