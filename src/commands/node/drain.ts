import type { CommandContext } from '../../cli.ts';
import { drainNode } from '../../pipeline/drain-node.ts';
import { readNodeSituation } from '../../pipeline/node-situation.ts';
import type { DrainNodeOptions } from '../node.ts';
import { confirm, printJson } from '../session.ts';
import { tellReceipt } from '../with-receipt.ts';
import { openCluster, readDrainOptions, tellShortcomings, warnOfDrain, workOnNode } from './open-node.ts';

/** Takes a node out of service; asks first where something doesn't go on elsewhere. */
export async function drain(name: string, options: DrainNodeOptions, context: CommandContext): Promise<void> {
  const drainOptions = readDrainOptions(options);
  await using open = await openCluster(options, context);
  const situation = await readNodeSituation(open.cluster, open.hosts, name);
  if (warnOfDrain(situation, context).length > 0) await confirm(`Drain ${name}?`, options, context);
  const { result, receipt } = await workOnNode(
    open,
    { command: `node drain ${name}`, title: `draining ${name}`, options },
    context,
    (work) => drainNode(work, name, drainOptions),
  );
  if (options.json)
    return printJson(context, { node: name, drained: true, ...result, ...(receipt && { receipt }) });
  tellShortcomings(result, context);
  context.terminal.out(`${name} is drained; kawanan node ready ${name} puts it back\n`);
  await tellReceipt(receipt, context);
}
