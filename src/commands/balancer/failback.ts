import { chooseFailback } from '../../balancer/keepalived/choose-moves.ts';
import type { CommandContext } from '../../cli.ts';
import type { MoveOptions } from '../balancer.ts';
import { moveAddresses } from './move-addresses.ts';

/** Gives each virtual address back to the balancer that prefers it. */
export async function failBack(options: MoveOptions, context: CommandContext): Promise<void> {
  await moveAddresses('failback', options, context, ({ cluster }, { vips }) => chooseFailback(cluster, vips));
}
