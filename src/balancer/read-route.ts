/** Routes of a frontend: which published ports answer, and how they are checked. No I/O here. */
import { suggestWord } from '../input/nearest-word.ts';
import type { InputPath } from '../input/schema-problems.ts';
import type { ServiceDefinition } from '../stack/definition.ts';
import type { Check, Route } from './definition.ts';
import { describePorts, listPublishedPorts, type PublishedPort } from './published-ports.ts';
import type { RouteInput } from './schema.ts';

export type Report = (path: InputPath, message: string, next?: string) => void;

export interface RouteContext {
  services: ServiceDefinition[];
  report: Report;
}

/** One route; what is wrong with it is reported. */
export function readRoute(
  input: RouteInput,
  path: InputPath,
  mode: 'http' | 'tcp',
  { services, report }: RouteContext,
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

/** The check that is written, or the one that fits the ports. */
export function readCheck(text: string | undefined, mode: 'http' | 'tcp', ports: PublishedPort[]): Check {
  if (text === undefined) {
    const speaksMysql =
      mode === 'tcp' && ports.length > 0 && ports.every((port) => port.target === mysqlPort);
    return { kind: speaksMysql ? 'mysql' : 'tcp' };
  }
  if (text === 'tcp' || text === 'mysql') return { kind: text };
  const [method, path] = text.split(' ') as ['GET' | 'HEAD', string];
  return { kind: 'http', method, path };
}

/** Reports each route that an earlier one hides. */
export function reportUnreachable(routes: Route[], inputs: { path: InputPath }[], report: Report): void {
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

/** Whether every request that the second would take is taken by the first. */
export function takesAllOf(
  first: Pick<Route, 'path' | 'host'>,
  second: Pick<Route, 'path' | 'host'>,
): boolean {
  const host = first.host === undefined || first.host === second.host;
  const path =
    first.path === undefined ||
    first.path === second.path ||
    (second.path?.startsWith(`${first.path}/`) ?? false);
  return host && path;
}
