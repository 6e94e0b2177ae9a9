/** Which servers stand behind the balancers: from the published ports and the nodes that placement allows. No I/O here. */
import { type Cluster, swarmNodes } from '../cluster/cluster.ts';
import type { EngineName } from '../cluster/engine-name.ts';
import { InputError, type Problem } from '../errors.ts';
import { formatPath } from '../input/schema-problems.ts';
import { type Color, colors, nameInColor } from '../stack/blue-green.ts';
import type { StackDefinition } from '../stack/definition.ts';
import { findEligibleNodes, selectKnowableConstraints, toPlacementNode } from '../stack/placement.ts';
import { type FrontendProblem, listSshConflicts, listUnknownNames } from './check-frontends.ts';
import { listFrontendClashes } from './clashing-frontends.ts';
import {
  type BalanceAlgorithm,
  type Check,
  type Frontend,
  findHttpsPort,
  parseBalancer,
  type Route,
} from './definition.ts';
import { warnOfPassiveChecks } from './engine-limits.ts';
import { type Certificate, type Materials, noMaterials } from './materials.ts';
import type { PublishedPort } from './published-ports.ts';
import { warnOfIngress } from './warn-of-ingress.ts';

export interface ServerModel {
  /** `node-service`: the same on every run, so that state survives a reload. */
  name: string;
  address: string;
  port: number;
  node: string;
  service: string;
  /** Reached through the ingress mesh: whichever node's task answers. */
  meshed?: true;
  /** The second port of a service that is updated blue-green. */
  color?: 'green';
  /** Its share of the work; absent: 1. */
  weight?: number;
  /** Works only while no other server is up. */
  backup?: true;
}

/** A page of the user's for status 503. */
export interface PageModel {
  /** Of the frontend; names the file. */
  name: string;
  html: string;
}

export interface BackendModel {
  /** `frontend.service`, or `frontend.servers` where several services answer. */
  name: string;
  mode: 'http' | 'tcp';
  balance: BalanceAlgorithm;
  check: Check;
  timeouts: { server: string; queue: string; connect: string; check?: string; hold?: string; retry?: string };
  /** Connections to one server at a time. */
  maxconn?: number;
  /** The cookie that keeps a browser at its server. */
  sticky?: { cookie: string; secure: boolean };
  /** Sent when no server is up. */
  page?: PageModel;
  servers: ServerModel[];
}

export interface TlsModel {
  /** The first is shown to clients that name none; empty while they are still to be generated. */
  certificates: Certificate[];
  hstsSeconds?: number;
}

export interface FrontendModel {
  name: string;
  listen: number;
  mode: 'http' | 'tcp';
  timeouts: { client: string };
  routes: { path?: string; host?: string; backend: string }[];
  tls?: TlsModel;
  /** Port of the frontend with TLS that every client is sent to. */
  redirectPort?: number;
  maxBodyBytes?: number;
  rateLimit?: { requests: number; periodMs: number };
  /** Sent to everybody. */
  maintenance?: PageModel;
}

/** All that a balancer's engine should do, the same on each balancer. */
export interface BalancerModel {
  engine: EngineName;
  frontends: FrontendModel[];
  backends: BackendModel[];
  warnings: string[];
}

/**
 * The frontends and backends of a stack on a cluster; empty without a stack. Without `materials` certificates and
 * pages are left open: all else is checked.
 *
 * @throws InputError when `x-balancer` is wrong, asks of the engine what it can't do, or a frontend's port is the one
 *   SSH listens on.
 */
export function planBackends(
  definition: StackDefinition | undefined,
  cluster: Cluster,
  materials: Materials = noMaterials,
): BalancerModel {
  const engine = cluster.balancer?.engine ?? 'haproxy';
  const model: BalancerModel = { engine, frontends: [], backends: [], warnings: [] };
  if (!definition) return model;
  const { frontends, warnings } = parseBalancer(definition, engine);
  refuseProblems(definition, [
    ...listSshConflicts(frontends, cluster),
    ...frontends.flatMap((frontend) => listUnknownNames(frontend, cluster)),
  ]);
  model.warnings.push(...warnings);
  const httpsPort = findHttpsPort(frontends);
  for (const frontend of frontends) addFrontend(model, frontend, { cluster, materials, httpsPort });
  model.warnings.push(...warnOfIngress(frontends), ...warnOfMaintenance(frontends));
  if (engine === 'nginx') model.warnings.push(...warnOfPassiveChecks(frontends));
  return model;
}

/** A stack as the balancers see it. */
export interface BalancedStack {
  definition: StackDefinition;
  materials?: Materials | undefined;
}

/**
 * What the balancers of a cluster do for all of its stacks, in the order of the cluster file; empty without any.
 *
 * @throws InputError with every problem of every stack, and frontends of two stacks that have one name or one port.
 */
export function planStacksBackends(stacks: readonly BalancedStack[], cluster: Cluster): BalancerModel {
  const places = cluster.stacks.map(({ name }) => name);
  const ordered = stacks.toSorted(
    (a, b) => places.indexOf(a.definition.name) - places.indexOf(b.definition.name),
  );
  const problems: Problem[] = [];
  const models = ordered.flatMap(({ definition, materials }) => {
    try {
      return [planBackends(definition, cluster, materials)];
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  if (problems.length === 0)
    problems.push(
      ...listFrontendClashes(
        models.map(({ frontends }, index) => ({ definition: ordered[index]!.definition, frontends })),
      ),
    );
  if (problems.length > 0) throw new InputError(problems);
  return {
    ...planBackends(undefined, cluster),
    frontends: models.flatMap(({ frontends }) => frontends),
    backends: models.flatMap(({ backends }) => backends),
    warnings: models.flatMap(({ warnings }) => warnings),
  };
}

interface Surroundings {
  cluster: Cluster;
  materials: Materials;
  httpsPort: number | undefined;
}

function addFrontend(model: BalancerModel, frontend: Frontend, around: Surroundings): void {
  const { name, listen, mode, timeouts, tls, maxBodyBytes, rateLimit, maintenance, redirect } = frontend;
  const { materials } = around;
  const page = maintenance && choosePage(frontend, materials);
  const routes = frontend.routes.map((route) => {
    const backend = buildBackend(model, frontend, route, around);
    model.backends.push({ ...backend, ...(page && { page }) });
    return {
      ...(route.path !== undefined && { path: route.path }),
      ...(route.host !== undefined && { host: route.host }),
      backend: backend.name,
    };
  });
  const certificates = (tls?.certificates ?? []).flatMap((one) => materials.findCertificate(one) ?? []);
  if (materials !== noMaterials && certificates.length < (tls?.certificates.length ?? 0))
    model.warnings.push(`${name}: its certificate is generated at up`);
  model.frontends.push({
    name,
    listen,
    mode,
    timeouts: { client: timeouts.client },
    routes,
    ...(tls && {
      tls: {
        certificates,
        ...(tls.hstsSeconds !== undefined && { hstsSeconds: tls.hstsSeconds }),
      },
    }),
    ...(redirect && around.httpsPort !== undefined && { redirectPort: around.httpsPort }),
    ...(maxBodyBytes !== undefined && { maxBodyBytes }),
    ...(rateLimit && { rateLimit }),
    ...(maintenance?.on && page && { maintenance: page }),
  });
}

function buildBackend(
  model: BalancerModel,
  frontend: Frontend,
  route: Route,
  { cluster }: Surroundings,
): BackendModel {
  const { mode, balance, timeouts, maxconn, sticky, weights, backups } = frontend;
  const servers = route.ports.flatMap((port) => listServers(port, cluster));
  if (servers.length === 0) {
    const services = route.ports.map((port) => port.service).join(', ');
    model.warnings.push(`${frontend.name}: no node may run ${services}: nothing will answer`);
  }
  const isBackup = ({ node, service }: ServerModel): boolean =>
    backups.includes(node) || backups.includes(service);
  // where all wait for the others nobody works
  const somebodyWorks = servers.some((server) => !isBackup(server));
  const weigh = ({ node, service }: ServerModel): number => (weights[node] ?? 1) * (weights[service] ?? 1);
  return {
    name: nameBackend(model, frontend.name, route),
    mode,
    balance,
    check: route.check,
    timeouts: {
      server: timeouts.server,
      queue: timeouts.queue,
      connect: timeouts.connect,
      ...(timeouts.check !== undefined && { check: timeouts.check }),
      ...(timeouts.hold !== undefined && { hold: timeouts.hold }),
      ...(timeouts.retry !== undefined && { retry: timeouts.retry }),
    },
    ...(maxconn !== undefined && { maxconn }),
    ...(sticky && { sticky: { ...sticky, secure: frontend.tls !== undefined } }),
    servers: servers.map((server) => ({
      ...server,
      ...(weigh(server) !== 1 && { weight: Math.min(weigh(server), largestWeight) }),
      ...(somebodyWorks && isBackup(server) && { backup: true as const }),
    })),
  };
}

/** HAProxy knows no larger one. */
const largestWeight = 256;

function choosePage({ name, maintenance }: Frontend, { pages }: Materials): PageModel {
  const path = maintenance?.page;
  const html = path === undefined ? defaultPage : (pages.get(path) ?? '');
  return { name, html };
}

const defaultPage = `<!doctype html>
<title>Under maintenance</title>
<p>This service is under maintenance. Please try again in a few minutes.</p>
`;

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
  const ports = [port.published, ...(port.green === undefined ? [] : [port.green])];
  return nodes.flatMap((node) =>
    ports.map((published, index) => ({
      name: nameServer(node.hostname, port.service, colors[index]),
      address: node.address,
      port: published,
      node: node.hostname,
      service: port.service,
      ...(port.mode === 'ingress' && { meshed: true as const }),
      ...(colors[index] === 'green' && { color: 'green' as const }),
    })),
  );
}

/** `node-service`, and `node-service--green` for the second port of a service that is updated blue-green. */
export function nameServer(node: string, service: string, color: Color = 'blue'): string {
  return nameInColor(`${toServerWord(node)}-${toServerWord(service)}`, color);
}

/** Names of servers and backends hold letters, digits, `-`, `_`, `.` and `:` only. */
function toServerWord(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_.:-]/g, '_');
}

function warnOfMaintenance(frontends: Frontend[]): string[] {
  return frontends
    .filter(({ maintenance }) => maintenance?.on)
    .map(({ name }) => `${name}: maintenance is on: every request is answered with the page and status 503`);
}

function refuseProblems(definition: StackDefinition, found: FrontendProblem[]): void {
  const problems = found.map(
    ({ path, message, next }): Problem => ({
      file: definition.xBalancer?.file ?? definition.file,
      ...definition.xBalancer?.locate(path),
      path: formatPath(['x-balancer', ...path]),
      message,
      next,
    }),
  );
  if (problems.length > 0) throw new InputError(problems);
}
