import type { CommandContext } from '../../cli.ts';
import { UserError } from '../../errors.ts';
import { readyNode } from '../../pipeline/drain-node.ts';
import { findSwarmNode } from '../../pipeline/node-situation.ts';
import { type ApplyOptions, printJson } from '../session.ts';
import { tellReceipt } from '../with-receipt.ts';
import { openCluster, tellShortcomings, workOnNode } from './open-node.ts';

/** Puts a node back into service. */
export async function ready(
  name: string,
  options: ApplyOptions & { rebalance?: boolean },
  context: CommandContext,
): Promise<void> {
  await using open = await openCluster(options, context);
  findSwarmNode(open.cluster, name);
  const { result, receipt } = await workOnNode(
    open,
    { command: `node ready ${name}`, title: `readying ${name}`, options },
    context,
    (work) => readyNode(work, name, { rebalance: options.rebalance ?? false }),
  );
  if (options.json)
    printJson(context, { node: name, drained: false, ...result, ...(receipt && { receipt }) });
  else {
    tellShortcomings(result, context);
    for (const service of result.rebalanced) context.terminal.out(`${service} was started anew\n`);
    context.terminal.out(`${name} is ready\n`);
    await tellReceipt(receipt, context);
  }
  if (result.down.length > 0)
    throw new UserError('it takes tasks, but checks of its servers do not pass yet', {
      place: { host: name },
      details: result.down,
      next: '`kawanan balancer show` tells when they do',
    });
}
