import { readyServers } from '../../balancer/rotation.ts';
import type { CommandContext } from '../../cli.ts';
import { showWork } from '../../output/show-work.ts';
import { loadBalancerModel } from '../../pipeline/load-balancer-model.ts';
import { type ApplyOptions, printJson } from '../session.ts';
import { withClusterLock } from '../with-lock.ts';
import { tellReceipt, withReceipt } from '../with-receipt.ts';
import { chooseByName, openBalancers } from './find-balancers.ts';
import { tellRotation } from './tell-rotation.ts';

/** Puts a server, or all of a node, back into the rotation of every balancer; whether it is up, its check decides. */
export async function ready(name: string, options: ApplyOptions, context: CommandContext): Promise<void> {
  await using open = await openBalancers(options, context);
  const { choose } = await chooseByName(name, open);
  const command = `balancer ready ${name}`;
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
        showWork(context.terminal, `readying ${name}`, context.signal, (progress) =>
          readyServers({ ...open, progress }, choose, { timeoutMs: 0 }),
        ),
    );
  });
  if (options.json) printJson(context, { ...result, ...(receipt && { receipt }) });
  else {
    tellRotation(name, 'ready', result, context);
    await tellReceipt(receipt, context);
  }
}
