import { chooseFailover } from '../../balancer/keepalived/choose-moves.ts';
import { judgeTaker } from '../../balancer/keepalived/judge-taker.ts';
import type { CommandContext } from '../../cli.ts';
import type { MoveOptions } from '../balancer.ts';
import { moveAddresses } from './move-addresses.ts';

/** Moves the virtual address to another balancer: the named one, or the next that can take it. */
export async function failOver(
  { to, ...options }: MoveOptions & { to?: string },
  context: CommandContext,
): Promise<void> {
  await moveAddresses('failover', options, context, ({ cluster }, { vips, nodes }) => {
    const isReady = (name: string): boolean => {
      const taker = nodes.find((node) => node.name === name)!;
      return nodes.some((giver) => giver.holds.length > 0 && judgeTaker(taker, giver).length === 0);
    };
    return chooseFailover(cluster, vips, { ...(to !== undefined && { to }), isReady });
  });
}
