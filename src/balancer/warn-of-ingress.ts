/** What it costs to balance over the ingress mesh, which balances by itself. No I/O here. */
import type { Frontend } from './definition.ts';

/**
 * One warning for all services that the balancers reach through the mesh; none where there are none.
 *
 * The 900 s are the kernel's for TCP (`ip_vs_tcp_timeout`); both engines keep their own connections alive.
 */
export function warnOfIngress(frontends: Frontend[]): string[] {
  const routes = frontends.flatMap((frontend) => frontend.routes);
  const meshed = routes.filter(({ ports }) => ports.some(({ mode }) => mode === 'ingress'));
  const services = new Set(
    meshed.flatMap(({ ports }) =>
      ports.filter(({ mode }) => mode === 'ingress').map(({ service }) => service),
    ),
  );
  if (services.size === 0) return [];
  const costs = [
    "the application sees a node's address instead of the client's",
    'there is one more hop',
    'least-connection and weights count nodes and not tasks',
    'a check reaches any task, so it says nothing of the one a request will meet, and one that hangs gets its share',
    'in a rolling update requests meet tasks that are going or not ready yet (502, 503)',
    'what is idle for 900 s is forgotten by the mesh (not the connections of the balancers, which are kept alive)',
    "a node whose kernel has no IPVS can't serve it",
  ];
  return [
    `${[...services].join(', ')}: published through the ingress mesh, where every swarm node is a server and hands connections on to whichever task: ${costs.join('; ')}; "mode: host" avoids all of these`,
  ];
}
