/** What the dashboard sends, a few times a second: a read of each http frontend, as a new visitor makes it. Pure. */
import type { BalancerModel, FrontendModel } from '../balancer/backends.ts';
import type { HttpTarget } from '../drill/probe/options.ts';

/** More frontends than these aren't probed: it is a light load whatever a cluster has. */
const most = 8;
/** Whatever an application says to a stranger is an answer, but for its own failures. */
const answers = Array.from({ length: 300 }, (_, index) => 200 + index);

/**
 * Targets named like their frontends, each the path that its servers are checked by, or else a route's own. One with a
 * rate limit is left alone, and so are databases: they would count the connections as failed logins.
 */
export function chooseTargets(model: BalancerModel, address: string): HttpTarget[] {
  return model.frontends
    .filter(({ mode, rateLimit }) => mode === 'http' && rateLimit === undefined)
    .slice(0, most)
    .map((frontend) => {
      const { path, host } = chooseRead(frontend, model);
      return {
        kind: 'http',
        name: frontend.name,
        url: `${frontend.tls ? 'https' : 'http'}://${address}:${frontend.listen}${path}`,
        connection: 'new',
        expectStatus: answers,
        ...(host !== undefined && { headers: { host } }),
      };
    });
}

function chooseRead({ routes }: FrontendModel, { backends }: BalancerModel): { path: string; host?: string } {
  const route = routes.find(({ path, host }) => path === undefined && host === undefined) ?? routes[0];
  if (!route) return { path: '/' };
  const check = backends.find(({ name }) => name === route.backend)?.check;
  const path = route.path ?? (check?.kind === 'http' ? check.path : '/');
  return { path, ...(route.host !== undefined && { host: route.host }) };
}
