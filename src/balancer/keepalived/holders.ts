/** Who holds the virtual addresses. No I/O here. */
import { type Cluster, listVirtualAddresses } from '../../cluster/cluster.ts';

export interface Holding {
  /** The virtual address. */
  address: string;
  /** Names of balancers; one when all is well. */
  holders: string[];
  /** What is wrong, in words. */
  problem?: string;
}

/** Each virtual address with the balancers that carry it, in the order of the cluster file. */
export function listHolders(
  cluster: Pick<Cluster, 'balancer'>,
  observed: { node: string; addresses: string[] }[],
): Holding[] {
  return listVirtualAddresses(cluster).map(({ address }) => {
    const holders = observed.filter(({ addresses }) => addresses.includes(address)).map(({ node }) => node);
    const problem = judgeHolders(address, holders);
    return { address, holders, ...(problem !== undefined && { problem }) };
  });
}

function judgeHolders(address: string, holders: string[]): string | undefined {
  if (holders.length === 1) return undefined;
  if (holders.length === 0) return `no balancer holds the virtual address ${address}`;
  const both = holders.length === 2 ? 'both hold' : 'all hold';
  return `${holders.join(' and ')} ${both} the virtual address ${address}`;
}
