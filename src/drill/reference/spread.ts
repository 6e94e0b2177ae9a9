/** How the methods of balancing spread requests: frontends to try them on, and whether they do as designed. Pure. */
import type { JudgedObjective } from '../scenario/judge-drill.ts';

/** The methods that the reference tried, and the one that keeps a client at its server. */
export const methods = ['roundrobin', 'leastconn', 'source'] as const;
export type Method = (typeof methods)[number];

/** Frontend names begin so; nobody's own do. */
const prefix = 'drill-';
const firstPort = 18_081;

export interface TrialFrontends {
  /** The whole of `x-balancer`, as the compose file would have it. */
  section: Record<string, unknown>;
  ports: Record<Method, number>;
}

type Frontend = Record<string, unknown> & { routes?: Record<string, unknown>[] };

/** `x-balancer` with a frontend more for each method, before what the first http frontend serves; nothing where there is none. */
export function addTrialFrontends(section: unknown): TrialFrontends | undefined {
  if (section === null || typeof section !== 'object') return undefined;
  const frontends = Object.values(section as Record<string, Frontend>);
  const web = frontends.find(
    ({ mode, routes, service }) => mode !== 'tcp' && (routes ?? service) !== undefined,
  );
  if (!web) return undefined;
  const { service, port, check, update } = web.routes?.at(-1) ?? web;
  const served = Object.entries({ service, port, check, update }).filter(([, value]) => value !== undefined);
  const taken = new Set(frontends.map(({ listen }) => listen));
  const free = Array.from(
    { length: frontends.length + methods.length },
    (_, index) => firstPort + index,
  ).filter((one) => !taken.has(one));
  const ports = Object.fromEntries(methods.map((method, index) => [method, free[index]!])) as Record<
    Method,
    number
  >;
  const trials = methods.map((method) => [
    `${prefix}${method}`,
    { listen: ports[method], balance: method, ...Object.fromEntries(served) },
  ]);
  return { section: { ...(section as object), ...Object.fromEntries(trials) }, ports };
}

/** Of a backend's name, the method that it was made to try; nothing for others. */
export function readMethod(backend: string): Method | undefined {
  return methods.find((method) => backend.startsWith(`${prefix}${method}.`));
}

/** Shares a server's requests may differ from equal ones by, in percent of all: least connections follow the work. */
const tolerance = { roundrobin: 5, leastconn: 20 } as const;

/** Whether requests of one client were spread as the method is designed to. */
export function judgeSpread(method: Method, served: Record<string, number>): JudgedObjective {
  const entries = Object.entries(served);
  const all = entries.reduce((sum, [, count]) => sum + count, 0);
  const shares = entries.map(([server, count]) => ({ server, percent: all === 0 ? 0 : (count / all) * 100 }));
  const measured =
    shares.map(({ server, percent }) => `${server} ${percent.toFixed(1)} %`).join(', ') || 'nothing';
  if (method === 'source') {
    const used = entries.filter(([, count]) => count > 0).length;
    return { text: 'one client stays at one server', measured, met: used === 1 };
  }
  const equal = 100 / Math.max(1, entries.length);
  return {
    text: `each server has ${equal.toFixed(0)} % of the requests, give or take ${tolerance[method]}`,
    measured,
    met: all > 0 && shares.every(({ percent }) => Math.abs(percent - equal) <= tolerance[method]),
  };
}
