/** Which nodes could answer what is sent. Pure. */
import type { BalancerModel, ServerModel } from '../balancer/backends.ts';
import type { ProbeTarget } from './probe/options.ts';

/**
 * Names of targets → groups of nodes, of each of which one must be well: those with a server for the target, and those
 * of each service that its servers depend on. Without targets that no frontend serves.
 *
 * @param dependencies Service → what it depends on, as the compose files say.
 */
export function findServingNodes(
  targets: readonly ProbeTarget[],
  model: BalancerModel,
  dependencies: Readonly<Record<string, readonly string[]>> = {},
): Record<string, string[][]> {
  return Object.fromEntries(
    targets.flatMap((target) => {
      const servers = findServers(target, model);
      if (servers.length === 0) return [];
      const services = [...new Set(servers.map(({ service }) => service))];
      // What only some of them need leaves the others to answer.
      const needed = (dependencies[services[0]!] ?? []).filter((one) =>
        services.every((service) => dependencies[service]?.includes(one)),
      );
      const groups = [servers, ...needed.map((service) => findServersOf(service, model))];
      return [[target.name, groups.filter((group) => group.length > 0).map(listNodes)]];
    }),
  );
}

function findServersOf(service: string, { backends }: BalancerModel): ServerModel[] {
  return backends.flatMap(({ servers }) => servers).filter((server) => server.service === service);
}

function listNodes(servers: readonly ServerModel[]): string[] {
  return [...new Set(servers.map(({ node }) => node))];
}

function findServers(target: ProbeTarget, { frontends, backends }: BalancerModel): ServerModel[] {
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
  return backends.find(({ name }) => name === route?.backend)?.servers ?? [];
}
