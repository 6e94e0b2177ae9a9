/** What the balancers of a stack should do: the checked `x-balancer`, or what follows from the published ports. No I/O here. */
import type { EngineName } from '../cluster/engine-name.ts';
import { InputError, type Problem } from '../errors.ts';
import { checkInput, formatPath, type InputPath } from '../input/schema-problems.ts';
import type { StackDefinition } from '../stack/definition.ts';
import { listPublishedPorts, type PublishedPort } from './published-ports.ts';
import { reportUnevenUpdates } from './read-blue-green.ts';
import { readFrontend } from './read-frontend.ts';
import { type Report, readCheck } from './read-route.ts';
import { type BalancerInput, balancerSchema } from './schema.ts';

/** `source` keeps a client at its server; `ip_hash` does so in NGINX's own way, by the first three numbers of its address. */
export type BalanceAlgorithm = 'roundrobin' | 'leastconn' | 'source' | 'ip_hash';

/** How a server shows that it can work: it accepts a connection, greets as MySQL does, or answers a request. */
export type Check =
  | { kind: 'tcp' }
  | { kind: 'mysql' }
  | { kind: 'http'; method: 'GET' | 'HEAD'; path: string };

export interface Route {
  /** Without a trailing slash; absent: every path. */
  path?: string;
  /** Lower case; absent: every host name. */
  host?: string;
  ports: PublishedPort[];
  check: Check;
}

export interface Frontend {
  name: string;
  listen: number;
  mode: 'http' | 'tcp';
  balance: BalanceAlgorithm;
  /** The first that takes a request has it; none where all are redirected. */
  routes: Route[];
  /** As HAProxy and NGINX write durations: `60s`. */
  timeouts: {
    client: string;
    server: string;
    queue: string;
    connect: string;
    /** 300 ms without it. */
    check?: string;
    hold?: string;
    retry?: string;
  };
  /** Connections to one server at a time. */
  maxconn?: number;
  /** Everything is sent to the frontend that speaks TLS. */
  redirect?: 'https';
  tls?: TlsSettings;
  /** By name of node or service. */
  weights: Record<string, number>;
  /** Nodes and services that work only while no other server is up. */
  backups: string[];
  /** A cookie of this name keeps a browser at its server. */
  sticky?: { cookie: string };
  maxBodyBytes?: number;
  rateLimit?: { requests: number; periodMs: number };
  maintenance?: { page?: string; on: boolean };
}

export interface TlsSettings {
  /** Names of the secrets; without a key's, the certificate's holds it too. The first is shown to clients that name none. */
  certificates: { certificate: string; key?: string; path: InputPath }[];
  hstsSeconds?: number;
}

export interface BalancerDefinition {
  frontends: Frontend[];
  warnings: string[];
}

/** How long a server may take to accept a connection. */
export const defaultConnectTimeout = '300ms';

/** Where the statistics page, the metrics and the health page of a balancer listen. */
export const statisticsPort = 8404;

/**
 * Reads the `x-balancer` section of a stack, or makes a TCP frontend of each published port where there is none.
 *
 * @throws InputError with every problem: unknown keys, services that don't exist, ports that aren't published,
 *   two frontends on one port, routes that are never reached, what the engine can't do.
 */
export function parseBalancer(
  definition: StackDefinition,
  engine: EngineName = 'haproxy',
): BalancerDefinition {
  const section = definition.xBalancer;
  if (!section) return deriveFrontends(definition);
  const at: InputPath = ['x-balancer'];
  const { value, problems } = checkInput<BalancerInput>(section.value, balancerSchema, {
    file: section.file ?? definition.file,
    at,
    locate: (path) => section.locate(path.slice(at.length)),
  });
  if (value === undefined) throw new InputError(problems);

  const found: Problem[] = [];
  const report: Report = (path, message, next) => {
    found.push({
      file: section.file ?? definition.file,
      ...section.locate(path),
      path: formatPath([...at, ...path]),
      message,
      ...(next !== undefined && { next }),
    });
  };
  const frontends = Object.entries(value).map(([name, input]) =>
    readFrontend(name, input, { services: definition.services, report, engine }),
  );
  reportPorts(frontends, report);
  reportRedirects(frontends, report);
  reportUnevenUpdates(frontends, report);
  if (found.length > 0) throw new InputError(found);
  return { frontends, warnings: [] };
}

function reportPorts(frontends: Frontend[], report: Report): void {
  const owners = new Map<number, string>([[statisticsPort, '']]);
  for (const { name, listen } of frontends) {
    const owner = owners.get(listen);
    if (owner === '')
      report(
        [name, 'listen'],
        `port ${listen} is the balancers' own, for statistics and metrics`,
        'choose another port',
      );
    else if (owner !== undefined)
      report(
        [name, 'listen'],
        `port ${listen} is listened on by ${JSON.stringify(owner)} already`,
        'choose another port',
      );
    else owners.set(listen, name);
  }
}

/** Where clients of a redirecting frontend are sent: the port of the only frontend with TLS, or of the one on 443. */
export function findHttpsPort(frontends: Pick<Frontend, 'mode' | 'tls' | 'listen'>[]): number | undefined {
  const ports = frontends.filter(({ mode, tls }) => mode === 'http' && tls).map(({ listen }) => listen);
  return ports.includes(443) || ports.length !== 1 ? ports.find((port) => port === 443) : ports[0];
}

function reportRedirects(frontends: Frontend[], report: Report): void {
  if (findHttpsPort(frontends) !== undefined) return;
  const many = frontends.some(({ tls, mode }) => tls && mode === 'http');
  for (const { name } of frontends.filter(({ redirect }) => redirect))
    report(
      [name, 'redirect'],
      many
        ? 'there are several frontends with "tls", none of them on port 443'
        : 'no http frontend has "tls"',
      many
        ? 'let one of them listen on 443'
        : 'add one: websecure: {listen: 443, tls: {certificate: NAME_OF_A_SECRET}, service: …}',
    );
}

/** Each published port as a TCP frontend of the same number; services that publish one number on different nodes share it. */
function deriveFrontends(definition: StackDefinition): BalancerDefinition {
  const byNumber = new Map<number, PublishedPort[]>();
  const warnings: string[] = [];
  for (const service of definition.services) {
    for (const port of listPublishedPorts(service))
      byNumber.set(port.published, [...(byNumber.get(port.published) ?? []), port]);
    for (const port of service.spec.EndpointSpec?.Ports ?? []) {
      const unfit =
        (port.Protocol ?? 'tcp') !== 'tcp'
          ? `is ${port.Protocol}`
          : port.PublishedPort
            ? undefined
            : 'has no fixed number';
      if (unfit)
        warnings.push(
          `${service.key}: published port ${port.PublishedPort || port.TargetPort} ${unfit}: not balanced`,
        );
    }
  }
  const fit = [...byNumber.entries()].filter(([number]) => number !== statisticsPort);
  if (byNumber.has(statisticsPort))
    warnings.push(
      `port ${statisticsPort} is the balancers' own, for statistics and metrics: not balanced; give it another number under x-balancer`,
    );
  const frontends = fit.map(
    ([number, ports]): Frontend => ({
      name: `${ports.length === 1 ? ports[0]!.service : 'port'}-${number}`,
      listen: number,
      mode: 'tcp',
      balance: 'leastconn',
      routes: [{ ports, check: readCheck(undefined, 'tcp', ports) }],
      timeouts: { client: '8h', server: '8h', queue: '10s', connect: defaultConnectTimeout },
      weights: {},
      backups: [],
    }),
  );
  return { frontends, warnings };
}
