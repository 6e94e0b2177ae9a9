/** One frontend of `x-balancer`: its defaults, and what can't be together. No I/O here. */
import type { EngineName } from '../cluster/engine-name.ts';
import type { InputPath } from '../input/schema-problems.ts';
import {
  type BalanceAlgorithm,
  defaultConnectTimeout,
  type Frontend,
  type Route,
  type TlsSettings,
} from './definition.ts';
import { parseDurationMs } from './duration.ts';
import { reportUnfit } from './engine-limits.ts';
import { readBlueGreen } from './read-blue-green.ts';
import { type Report, type RouteContext, readRoute, reportUnreachable } from './read-route.ts';
import type { FrontendInput, RouteInput, TlsInput } from './schema.ts';

export interface FrontendContext extends RouteContext {
  engine: EngineName;
}

/** A frontend as the engines are told of it; what is wrong with it is reported. */
export function readFrontend(name: string, input: FrontendInput, context: FrontendContext): Frontend {
  const { report } = context;
  const mode = input.mode ?? 'http';
  const routes = readRoutes(name, input, context);
  reportHttpOnly(name, input, report);
  reportUnfit(name, input, context);
  const silence = mode === 'http' ? '60s' : '8h';
  const { timeouts, maxconn, redirect, tls, maintenance } = input;
  return {
    name,
    listen: input.listen,
    mode,
    balance: readBalance(input.balance ?? (mode === 'http' ? 'roundrobin' : 'leastconn')),
    routes,
    timeouts: {
      client: timeouts?.client ?? silence,
      server: timeouts?.server ?? silence,
      queue: timeouts?.queue ?? '10s',
      connect: timeouts?.connect ?? defaultConnectTimeout,
      ...(timeouts?.check !== undefined && { check: timeouts.check }),
      ...(timeouts?.hold !== undefined && { hold: timeouts.hold }),
      ...(timeouts?.retry !== undefined && { retry: timeouts.retry }),
    },
    weights: input.weights ?? {},
    backups: [input.backup ?? []].flat(),
    ...(maxconn !== undefined && { maxconn }),
    ...(redirect && { redirect }),
    ...(tls && { tls: readTls(name, tls) }),
    ...(input.sticky && { sticky: { cookie: input.sticky === true ? 'SERVER' : input.sticky.cookie } }),
    ...(input.max_body !== undefined && { maxBodyBytes: parseSize(input.max_body) }),
    ...(input.rate_limit && {
      rateLimit: {
        requests: input.rate_limit.requests,
        periodMs: parseDurationMs(input.rate_limit.per),
      },
    }),
    ...(maintenance && {
      maintenance: { on: maintenance.on ?? false, ...(maintenance.page && { page: maintenance.page }) },
    }),
  };
}

function readRoutes(name: string, input: FrontendInput, context: FrontendContext): Route[] {
  const { report } = context;
  if (input.redirect !== undefined) {
    const idle = (['routes', 'service', 'port', 'check', 'update', 'tls'] as const).filter(
      (key) => input[key] !== undefined,
    );
    for (const key of idle)
      report(
        [name, key],
        `a frontend that redirects everything needs no ${JSON.stringify(key)}`,
        'remove it',
      );
    return [];
  }
  const ofRoutes = ['service', 'port', 'check', 'update'] as const;
  if (input.routes && ofRoutes.some((key) => input[key] !== undefined))
    report(
      [name],
      'has routes and a service of its own',
      'move service, port, check and update into a last route without a path',
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
  const routes = inputs.map(({ route, path }) => {
    const read = readRoute(route, path, input.mode ?? 'http', context);
    return { ...read, ports: readBlueGreen(route.update, read.ports, [...path, 'update'], context) };
  });
  reportUnreachable(routes, inputs, report);
  return routes;
}

function pickRoute(service: string | string[], { port, check, update }: FrontendInput): RouteInput {
  return {
    service,
    ...(port !== undefined && { port }),
    ...(check !== undefined && { check }),
    ...(update !== undefined && { update }),
  };
}

function readBalance(word: NonNullable<FrontendInput['balance']>): BalanceAlgorithm {
  if (word === 'round_robin') return 'roundrobin';
  return word === 'least_conn' ? 'leastconn' : word;
}

function readTls(frontend: string, tls: TlsInput): TlsSettings {
  const { more = [], hsts } = tls;
  const first = { ...pickSecrets(tls), path: [frontend, 'tls'] };
  const others = more.map((one, index) => ({
    ...pickSecrets(one),
    path: [frontend, 'tls', 'more', index],
  }));
  return {
    certificates: [first, ...others],
    ...(hsts !== undefined && { hstsSeconds: Math.ceil(parseDurationMs(hsts) / 1000) }),
  };
}

function pickSecrets({ certificate, key }: { certificate: string; key?: string | undefined }): {
  certificate: string;
  key?: string;
} {
  return { certificate, ...(key !== undefined && { key }) };
}

const httpOnly = ['redirect', 'sticky', 'max_body', 'rate_limit', 'maintenance'] as const;

function reportHttpOnly(name: string, input: FrontendInput, report: Report): void {
  if (input.mode !== 'tcp') return;
  const wrong = httpOnly.filter((key) => input[key] !== undefined && input[key] !== false);
  for (const key of wrong)
    report(
      [name, key],
      `a tcp frontend sees no requests, so it has no ${JSON.stringify(key)}`,
      'use mode http, or remove it',
    );
  if (input.timeouts?.retry !== undefined)
    report(
      [name, 'timeouts', 'retry'],
      'a tcp frontend sees no requests, so none can be asked again',
      'use mode http, or remove it',
    );
  if (input.timeouts?.hold !== undefined)
    report(
      [name, 'timeouts', 'hold'],
      'a tcp frontend sees no requests, so none can wait for a server',
      'use mode http, or remove it',
    );
  if (input.tls?.hsts !== undefined)
    report([name, 'tls', 'hsts'], 'a tcp frontend sends no headers, so it has no "hsts"', 'remove it');
}

const sizeUnits = { k: 1024, M: 1024 ** 2, G: 1024 ** 3 } as const;

function parseSize(text: string): number {
  return Number(text.slice(0, -1)) * sizeUnits[text.at(-1) as keyof typeof sizeUnits];
}
