import { drainServers, findLastServers } from '../../balancer/rotation.ts';
import type { CommandContext } from '../../cli.ts';
import { UserError } from '../../errors.ts';
import { readSeconds } from '../../input/read-seconds.ts';
import { neutralise } from '../../output/terminal.ts';
import type { RotationOptions } from '../balancer.ts';
import { confirm } from '../session.ts';
import { chooseByName, openBalancers } from './find-balancers.ts';
import { turnServers } from './turn-servers.ts';

/** Takes a server, or all of a node, out of the rotation of every balancer. */
export async function drain(name: string, options: RotationOptions, context: CommandContext): Promise<void> {
  const timeoutMs = readSeconds('--wait', options.wait) * 1000;
  await using open = await openBalancers(options, context);
  const { views, choose } = await chooseByName(name, open);
  const emptied = findLastServers(views, choose);
  if (emptied.length > 0) {
    context.terminal.err(
      `${context.terminal.colors.yellow('warning')} nothing is left to answer for ${neutralise(emptied.join(', '))}: clients will get errors
`,
    );
    await confirm('Drain nevertheless?', options, context);
  }
  const result = await turnServers(
    { command: 'drain', name, turn: (target) => drainServers(target, choose, { timeoutMs }) },
    open,
    options,
    context,
  );
  if (result.sessions > 0)
    throw new UserError(
      `${result.sessions} requests or connections still run on ${name} after ${timeoutMs / 1000} s`,
      {
        next: 'it takes nothing new; run the same command again to go on waiting, or `kawanan balancer ready` to put it back',
      },
    );
}
