/** Which virtual address moves from where to where. No I/O here. */
import { balancers, type Cluster, listVirtualAddresses, rankBalancers } from '../../cluster/cluster.ts';
import { InputError, UserError } from '../../errors.ts';
import type { Holding } from './holders.ts';

/** One virtual address that is to leave the balancer that holds it. */
export interface Move {
  address: string;
  from: string;
  to: string;
}

/**
 * The moves of `kawanan balancer failover`: every address to the balancer `to`; the only address to the next one in
 * line that `isReady`, when none is named. Empty when all is there already.
 *
 * @throws InputError for a name that is no balancer, or where it can't be known which is meant.
 * @throws UserError when an address has no holder, several, or nobody to go to.
 */
export function chooseFailover(
  cluster: Cluster,
  holdings: Holding[],
  { to, isReady }: { to?: string; isReady: (balancer: string) => boolean },
): Move[] {
  checkSeveral(cluster);
  const names = balancers(cluster).map(({ name }) => name);
  if (to !== undefined && !names.includes(to))
    throw new InputError({
      message: `${to} is no balancer`,
      next: `the balancers are ${names.join(' and ')}`,
    });
  if (to === undefined && holdings.length > 1)
    throw new InputError({
      message: `there are ${holdings.length} virtual addresses: which balancer is to hold them?`,
      next: `name it, e.g. --to ${names[0]}; kawanan balancer failback gives each its own again`,
    });
  return holdings.flatMap((holding, index) => {
    const from = findHolder(holding);
    const goal = to ?? nextInLine(cluster, index, { from, isReady });
    return goal === from ? [] : [{ address: holding.address, from, to: goal }];
  });
}

/**
 * The moves of `kawanan balancer failback`: every address to the balancer that prefers it.
 *
 * @throws UserError when an address has no holder, or several.
 */
export function chooseFailback(cluster: Cluster, holdings: Holding[]): Move[] {
  checkSeveral(cluster);
  return holdings.flatMap((holding, index) => {
    const from = findHolder(holding);
    const to = rankBalancers(cluster, index)[0]!.name;
    return to === from ? [] : [{ address: holding.address, from, to }];
  });
}

function checkSeveral(cluster: Cluster): void {
  if (listVirtualAddresses(cluster).length === 0)
    throw new UserError('the cluster file gives the balancers no virtual address, so there is none to move', {
      next: 'give it one: balancer: {vip: 192.168.1.20/24}, then run kawanan up',
    });
  if (balancers(cluster).length < 2)
    throw new UserError('there is only one balancer: the virtual address has nowhere to go');
}

function findHolder({ holders, problem }: Holding): string {
  if (holders.length === 1) return holders[0]!;
  throw new UserError(problem ?? 'nobody knows who holds the virtual address', {
    next: 'kawanan doctor says why and what to do; an address can be moved when one balancer holds it',
  });
}

function nextInLine(
  cluster: Cluster,
  vipIndex: number,
  { from, isReady }: { from: string; isReady: (balancer: string) => boolean },
): string {
  const others = rankBalancers(cluster, vipIndex)
    .map(({ name }) => name)
    .filter((name) => name !== from);
  return others.find(isReady) ?? others[0]!;
}
