/** What the balancers of a stack should do: the checked `x-balancer`, or what follows from the published ports. No I/O here. */
import { InputError, type Problem } from '../errors.ts';
import { suggestWord } from '../input/nearest-word.ts';
import { checkInput, formatPath, type InputPath } from '../input/schema-problems.ts';
import type { ServiceDefinition, StackDefinition } from '../stack/definition.ts';
import { describePorts, listPublishedPorts, type PublishedPort } from './published-ports.ts';
import { type BalancerInput, balancerSchema, type FrontendInput, type RouteInput } from './schema.ts';

export type BalanceAlgorithm = 'roundrobin' | 'leastconn' | 'source';

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
  /** The first that takes a request has it. */
  routes: Route[];
  /** As HAProxy writes durations: `60s`. */
  timeouts: { client: string; server: string; queue: string };
  /** Connections to one server at a time. */
  maxconn?: number;
}

export interface BalancerDefinition {
  frontends: Frontend[];
  warnings: string[];
}

/** Where the statistics page, the metrics and the health page of a balancer listen. */
export const statisticsPort = 8404;

/**
 * Reads the `x-balancer` section of a stack, or makes a TCP frontend of each published port where there is none.
 *
 * @throws InputError with every problem: unknown keys, services that don't exist, ports that aren't published,
 *   two frontends on one port, routes that are never reached.
 */
export function parseBalancer(definition: StackDefinition): BalancerDefinition {
  const section = definition.xBalancer;
  if (!section) return deriveFrontends(definition);
  const at: InputPath = ['x-balancer'];
  const { value, problems } = checkInput<BalancerInput>(section.value, balancerSchema, {
    file: definition.file,
    at,
    locate: (path) => section.locate(path.slice(at.length)),
  });
  if (value === undefined) throw new InputError(problems);

  const found: Problem[] = [];
  const report: Report = (path, message, next) => {
    found.push({
      file: definition.file,
      ...section.locate(path),
      path: formatPath([...at, ...path]),
      message,
      ...(next !== undefined && { next }),
    });
  };
  const frontends = Object.entries(value).map(([name, input]) =>
    readFrontend(name, input, { services: definition.services, report }),
  );
  reportPorts(frontends, report);
  if (found.length > 0) throw new InputError(found);
  return { frontends, warnings: [] };
}

type Report = (path: InputPath, message: string, next?: string) => void;

interface Context {
  services: ServiceDefinition[];
  report: Report;
}

function readFrontend(name: string, input: FrontendInput, context: Context): Frontend {
  const { report } = context;
  const mode = input.mode ?? 'http';
  if (input.routes && (input.service !== undefined || input.port !== undefined || input.check !== undefined))
    report(
      [name],
      'has routes and a service of its own',
      'move service, port and check into a last route without a path',
    );
  if (!input.routes && input.service === undefined)
    report(
      [name],
      'says neither which service answers nor which routes there are',
      'add "service:" or "routes:"',
    );
  const inputs: { route: RouteInput; path: InputPath }[] = input.routes
    ? input.routes.map((route, index) => ({ route, path: [name, 'routes', index] }))
    : input.service !== undefined
      ? [{ route: pickRoute(input.service, input), path: [name] }]
      : [];
  const routes = inputs.map(({ route, path }) => readRoute(route, path, mode, context));
  reportUnreachable(routes, inputs, report);
  const silence = mode === 'http' ? '60s' : '8h';
  return {
    name,
    listen: input.listen,
    mode,
    balance: input.balance ?? (mode === 'http' ? 'roundrobin' : 'leastconn'),
    routes,
    timeouts: {
      client: input.timeouts?.client ?? silence,
      server: input.timeouts?.server ?? silence,
      queue: input.timeouts?.queue ?? '10s',
    },
    ...(input.maxconn !== undefined && { maxconn: input.maxconn }),
  };
}

function pickRoute(service: string | string[], { port, check }: FrontendInput): RouteInput {
  return { service, ...(port !== undefined && { port }), ...(check !== undefined && { check }) };
}

function readRoute(
  input: RouteInput,
  path: InputPath,
  mode: 'http' | 'tcp',
  { services, report }: Context,
): Route {
  if (mode === 'tcp' && (input.path !== undefined || input.host !== undefined))
    report(
      path,
      'a tcp frontend sees neither paths nor host names',
      'use mode http, or one service without routes',
    );
  const names = Array.isArray(input.service) ? input.service : [input.service];
  const ports = names.flatMap((name, index) => {
    const at: InputPath = Array.isArray(input.service) ? [...path, 'service', index] : [...path, 'service'];
    const service = services.find((one) => one.key === name);
    if (!service) {
      report(
        at,
        `there is no service ${JSON.stringify(name)} in the stack`,
        suggestWord(
          name,
          services.map((one) => one.key),
        ),
      );
      return [];
    }
    const published = listPublishedPorts(service);
    const port = choosePort(published, input.port);
    if (port) return [port];
    report(
      ...explainMissingPort(name, published, input.port, input.port === undefined ? at : [...path, 'port']),
    );
    return [];
  });
  const trimmed = input.path?.replace(/\/+$/, '');
  return {
    ...(trimmed && { path: trimmed }),
    ...(input.host !== undefined && { host: input.host.toLowerCase() }),
    ports,
    check: readCheck(input.check, mode, ports),
  };
}

/** The published port of that number, else the one with that container port; without a number the only one there is. */
function choosePort(published: PublishedPort[], wanted: number | undefined): PublishedPort | undefined {
  if (wanted === undefined) return published.length === 1 ? published[0] : undefined;
  return (
    published.find((port) => port.published === wanted) ?? published.find((port) => port.target === wanted)
  );
}

function explainMissingPort(
  service: string,
  published: PublishedPort[],
  wanted: number | undefined,
  at: InputPath,
): [InputPath, string, string] {
  if (published.length === 0)
    return [
      at,
      `the service ${JSON.stringify(service)} publishes no TCP port at a fixed number, so no balancer can reach it`,
      'publish it: ports: [{target: 80, published: 8080, mode: host}]',
    ];
  const known = `${JSON.stringify(service)} publishes ${describePorts(published)}`;
  return wanted === undefined
    ? [at, `${known}: which of them is meant?`, `add "port: ${published[0]!.published}"`]
    : [at, `the service ${JSON.stringify(service)} doesn't publish port ${wanted}`, known];
}

const mysqlPort = 3306;

function readCheck(text: string | undefined, mode: 'http' | 'tcp', ports: PublishedPort[]): Check {
  if (text === undefined) {
    const speaksMysql =
      mode === 'tcp' && ports.length > 0 && ports.every((port) => port.target === mysqlPort);
    return { kind: speaksMysql ? 'mysql' : 'tcp' };
  }
  if (text === 'tcp' || text === 'mysql') return { kind: text };
  const [method, path] = text.split(' ') as ['GET' | 'HEAD', string];
  return { kind: 'http', method, path };
}

function reportUnreachable(routes: Route[], inputs: { path: InputPath }[], report: Report): void {
  for (const [index, route] of routes.entries()) {
    const earlier = routes.slice(0, index).findIndex((one) => takesAllOf(one, route));
    if (earlier >= 0)
      report(
        inputs[index]!.path,
        `this route is never reached: route ${earlier + 1} takes all of it`,
        'put it before that one',
      );
  }
}

function takesAllOf(first: Route, second: Route): boolean {
  const host = first.host === undefined || first.host === second.host;
  const path =
    first.path === undefined ||
    first.path === second.path ||
    (second.path?.startsWith(`${first.path}/`) ?? false);
  return host && path;
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
      timeouts: { client: '8h', server: '8h', queue: '10s' },
    }),
  );
  return { frontends, warnings };
}
