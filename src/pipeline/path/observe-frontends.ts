/** Asks each frontend from here and on the balancers themselves, side by side. Changes nothing. */
import type { BalancerModel, FrontendModel } from '../../balancer/backends.ts';
import { isSpoken } from '../../balancer/probe-frontends.ts';
import { balancers, type Cluster, listVirtualAddresses } from '../../cluster/cluster.ts';
import { UserError } from '../../errors.ts';
import type { Hosts } from '../../remote/host.ts';
import { connectFromHere } from './connect-from-here.ts';
import { connectFromHost } from './connect-from-host.ts';
import type { Outcome, Target } from './connection.ts';
import type { FrontendEvidence } from './evidence.ts';
import { pickPresent } from './pick-present.ts';

/** How every frontend answers at each virtual address and at each balancer, in the order of the model. */
export async function observeFrontends({
  cluster,
  hosts,
  model,
}: {
  cluster: Cluster;
  hosts: Hosts;
  model: Pick<BalancerModel, 'frontends'>;
}): Promise<FrontendEvidence[]> {
  const onBalancers = await Promise.all(
    balancers(cluster).map(async ({ name, address }): Promise<[string, Outcome[] | undefined]> => {
      try {
        const from = { host: await hosts.connect(name) };
        const targets = model.frontends.map((frontend) => targetAt(address, frontend));
        return [name, await connectFromHost(from, targets)];
      } catch (error) {
        if (error instanceof UserError) return [name, undefined];
        throw error;
      }
    }),
  );
  const vips = listVirtualAddresses(cluster);
  return Promise.all(
    model.frontends.map(async (frontend, index): Promise<FrontendEvidence> => {
      const fromHere = (named: readonly { name: string; address: string }[]) =>
        Promise.all(
          named.map(
            async ({ name, address }) => [name, await connectFromHere(targetAt(address, frontend))] as const,
          ),
        );
      const [throughVips, throughBalancers] = await Promise.all([
        fromHere(vips.map(({ address }) => ({ name: address, address }))),
        fromHere(balancers(cluster)),
      ]);
      return {
        name: frontend.name,
        port: frontend.listen,
        ...(frontend.maintenance && { inMaintenance: true }),
        throughVips: Object.fromEntries(throughVips),
        throughBalancers: Object.fromEntries(throughBalancers),
        onBalancers: pickPresent(onBalancers.map(([name, outcomes]) => [name, outcomes?.[index]])),
      };
    }),
  );
}

function targetAt(address: string, frontend: FrontendModel): Target {
  const ask = isSpoken(frontend)
    ? ({ kind: 'http', method: 'GET', path: '/' } as const)
    : ({ kind: 'tcp' } as const);
  return { address, port: frontend.listen, ask };
}
