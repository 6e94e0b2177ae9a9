/** What is sent while drills run, where nobody says: a read of each frontend. Pure. */
import type { BalancerModel } from '../balancer/backends.ts';
import type { ProbeTarget } from './probe/options.ts';

/** One target for each frontend at this address; http ones are asked on kept connections and on new ones. */
export function deriveTargets({ frontends, backends }: BalancerModel, address: string): ProbeTarget[] {
  return frontends.flatMap((frontend): ProbeTarget[] => {
    const { name, listen, mode } = frontend;
    // The route for everything else is the one that a plain visitor meets.
    const route = frontend.routes.find(({ path, host }) => path === undefined && host === undefined);
    const check = backends.find((backend) => backend.name === (route ?? frontend.routes[0])?.backend)?.check;
    if (mode === 'tcp')
      return [{ kind: check?.kind === 'mysql' ? 'mysql' : 'tcp', name, host: address, port: listen }];
    const path = route && check?.kind === 'http' ? check.path : (frontend.routes[0]?.path ?? '/');
    const url = `http://${address}:${listen}${path}`;
    return [
      { kind: 'http', name, url, weight: 3 },
      { kind: 'http', name: `${name} (new connections)`, url, connection: 'new' },
    ];
  });
}
