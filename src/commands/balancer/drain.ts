import { drainServers, findLastServers } from '../../balancer/rotation.ts';
import type { CommandContext } from '../../cli.ts';
import { UserError } from '../../errors.ts';
import { readSeconds } from '../../input/read-seconds.ts';
import { showWork } from '../../output/show-work.ts';
import { neutralise } from '../../output/terminal.ts';
import { loadBalancerModel } from '../../pipeline/load-balancer-model.ts';
import type { RotationOptions } from '../balancer.ts';
import { confirm, printJson } from '../session.ts';
import { withClusterLock } from '../with-lock.ts';
import { tellReceipt, withReceipt } from '../with-receipt.ts';
import { chooseByName, openBalancers } from './find-balancers.ts';
import { tellRotation } from './tell-rotation.ts';

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
  const command = `balancer drain ${name}`;
  const { result, receipt } = await withClusterLock({ ...open, command, options }, context, async (lock) => {
    await lock.ensure();
    return withReceipt(
      {
        cluster: open.cluster,
        model: () => loadBalancerModel(open.cluster, context.env),
        command,
        options,
      },
      context,
      () =>
        showWork(context.terminal, `draining ${name}`, context.signal, (progress) =>
          drainServers({ ...open, progress }, choose, { timeoutMs }),
        ),
    );
  });
  if (options.json) printJson(context, { ...result, ...(receipt && { receipt }) });
  else {
    tellRotation(name, 'drained', result, context);
    await tellReceipt(receipt, context);
  }
  if (result.sessions > 0)
    throw new UserError(
      `${result.sessions} requests or connections still run on ${name} after ${timeoutMs / 1000} s`,
      {
        next: 'it takes nothing new; run the same command again to go on waiting, or `kawanan balancer ready` to put it back',
      },
    );
}
