/** What is sent while things change or break, where nobody says: a read of each route. Pure. */
import type { BalancerModel, FrontendModel } from '../balancer/backends.ts';
import type { HttpTarget, ProbeTarget } from './probe/options.ts';
import type { Answer } from './probe/run-open-loop.ts';

/**
 * Targets for each frontend at each address: http ones are asked route by route, on kept connections and on new ones.
 * A frontend with a rate limit is left out: it would take the load for the abuse that the limit is there for.
 */
export function deriveTargets({ frontends, backends }: BalancerModel, addresses: string[]): ProbeTarget[] {
  return addresses.flatMap((address, index) =>
    frontends
      .filter(({ rateLimit }) => rateLimit === undefined)
      .flatMap((frontend): ProbeTarget[] => {
        const name = index === 0 ? frontend.name : `${frontend.name} at ${address}`;
        if (frontend.mode === 'http') return readRoutes(frontend, name, address);
        const check = backends.find((backend) => backend.name === frontend.routes[0]?.backend)?.check;
        return [
          { kind: check?.kind === 'mysql' ? 'mysql' : 'tcp', name, host: address, port: frontend.listen },
        ];
      }),
  );
}

function readRoutes({ listen, tls, routes }: FrontendModel, frontend: string, address: string): HttpTarget[] {
  // A frontend without routes sends everybody elsewhere, which is an answer, too.
  const asked: { path?: string; host?: string }[] = routes.length > 0 ? routes : [{}];
  return asked.flatMap(({ path, host }): HttpTarget[] => {
    const name = [
      frontend,
      ...(host === undefined ? [] : [host]),
      ...(path === undefined ? [] : [path]),
    ].join(' ');
    const request = {
      kind: 'http' as const,
      url: `${tls ? 'https' : 'http'}://${address}:${listen}${path ?? '/'}`,
      ...(host !== undefined && { headers: { host } }),
    };
    return [
      { ...request, name, weight: 3 },
      { ...request, name: `${name} (new connections)`, connection: 'new' },
    ];
  });
}

/** Targets that are served, and the names of those that aren't. */
export interface FittedLoad {
  targets: ProbeTarget[];
  /** `s3: ECONNREFUSED`. */
  silent: string[];
}

/**
 * Derived targets by what each answered when it was tried. What an application says to a stranger, such as 403 or 404,
 * counts as its answer from then on; a target that fails before anything is done would only tell that again.
 */
export function fitTargets(targets: ProbeTarget[], answers: Answer[]): FittedLoad {
  const fitted: FittedLoad = { targets: [], silent: [] };
  for (const [index, target] of targets.entries()) {
    const { failure, status } = answers[index]!;
    if (failure === null) fitted.targets.push(target);
    else if (target.kind === 'http' && status !== null && status >= 400 && status < 500 && status !== 429)
      fitted.targets.push({ ...target, expectStatus: [...wellStatuses, status] });
    else fitted.silent.push(`${target.name}: ${failure}`);
  }
  return fitted;
}

const wellStatuses = Array.from({ length: 200 }, (_, index) => 200 + index);
