/** Which nodes could answer what is sent. Pure. */
import type { BalancerModel } from '../balancer/backends.ts';
import type { ProbeTarget } from './probe/options.ts';

/** Names of targets → nodes with a server for them; without those that no frontend serves. */
export function findServingNodes(
  targets: readonly ProbeTarget[],
  model: BalancerModel,
): Record<string, string[]> {
  return Object.fromEntries(
    targets.flatMap((target) => {
      const nodes = findNodes(target, model);
      return nodes.length > 0 ? [[target.name, nodes]] : [];
    }),
  );
}

function findNodes(target: ProbeTarget, { frontends, backends }: BalancerModel): string[] {
  const url = target.kind === 'http' ? new URL(target.url) : undefined;
  const port =
    target.kind === 'http' ? Number(url!.port || (url!.protocol === 'https:' ? 443 : 80)) : target.port;
  const frontend = frontends.find(({ listen }) => listen === port);
  const path = url?.pathname ?? '/';
  const host = target.kind === 'http' ? target.headers?.['host'] : undefined;
  // The first that takes a request has it, as in the balancers.
  const route = frontend?.routes.find(
    (one) =>
      (one.host === undefined || one.host === host) &&
      (one.path === undefined || path === one.path || path.startsWith(`${one.path}/`)),
  );
  const servers = backends.find(({ name }) => name === route?.backend)?.servers ?? [];
  return [...new Set(servers.map(({ node }) => node))];
}
