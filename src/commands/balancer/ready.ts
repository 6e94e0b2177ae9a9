import { readyServers } from '../../balancer/rotation.ts';
import type { CommandContext } from '../../cli.ts';
import type { ApplyOptions } from '../session.ts';
import { chooseByName, openBalancers } from './find-balancers.ts';
import { turnServers } from './turn-servers.ts';

/** Puts a server, or all of a node, back into the rotation of every balancer; whether it is up, its check decides. */
export async function ready(name: string, options: ApplyOptions, context: CommandContext): Promise<void> {
  await using open = await openBalancers(options, context);
  const { choose } = await chooseByName(name, open);
  await turnServers(
    { command: 'ready', name, turn: (target) => readyServers(target, choose, { timeoutMs: 0 }) },
    open,
    options,
    context,
  );
}
