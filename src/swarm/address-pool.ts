/** Where a new swarm takes the subnets of its networks from. */
import { isInSubnet, readSubnet } from '../cluster/ipv4.ts';

/** What an engine takes unless told. It hands out 10.0.0.0/24 first, which many networks of machines use, too. */
const engineDefault = '10.0.0.0/8';
const others = ['10.224.0.0/11', '10.96.0.0/11', '172.24.0.0/14'];

/**
 * The pool for a swarm whose machines have these addresses; `undefined` where the engine's own does no harm.
 * A network of containers that overlaps that of the machines cuts them off from each other.
 */
export function pickAddressPool(addresses: string[]): string | undefined {
  const overlaps = (pool: string): boolean =>
    addresses.some((address) => isInSubnet(address, readSubnet(pool)));
  return overlaps(engineDefault) ? others.find((pool) => !overlaps(pool)) : undefined;
}
