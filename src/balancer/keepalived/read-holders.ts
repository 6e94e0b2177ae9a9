import { balancers, type Cluster } from '../../cluster/cluster.ts';
import type { Hosts } from '../../remote/host.ts';
import { isAway } from '../../remote/remote-errors.ts';
import { parseAddresses } from '../observation.ts';
import { type Holding, listHolders } from './holders.ts';

/** The balancers that hold each virtual address right now; one that can't be reached holds nothing that counts. */
export async function readHolders(cluster: Cluster, hosts: Hosts): Promise<Holding[]> {
  const seen = await Promise.all(
    balancers(cluster).map(async ({ name }) => {
      try {
        const host = await hosts.connect(name);
        const { stdout } = await host.run({ program: 'ip', args: ['-j', '-4', 'address', 'show'] });
        const carried = parseAddresses(stdout).filter(({ interfaceName }) => interfaceName !== 'lo');
        return { node: name, addresses: carried.map((one) => one.address) };
      } catch (error) {
        if (isAway(error)) return { node: name, addresses: [] };
        throw error;
      }
    }),
  );
  return listHolders(cluster, seen);
}
