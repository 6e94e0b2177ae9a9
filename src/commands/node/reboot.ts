import type { CommandContext } from '../../cli.ts';
import { neutralise } from '../../output/terminal.ts';
import { findSwarmNodes, readNodeSituation } from '../../pipeline/node-situation.ts';
import { rebootNode } from '../../pipeline/reboot-node.ts';
import { guardQuorum } from '../../swarm/guard-quorum.ts';
import type { DrainNodeOptions } from '../node.ts';
import { confirm, printJson } from '../session.ts';
import { tellReceipt } from '../with-receipt.ts';
import { openCluster, readDrainOptions, tellShortcomings, warnOfDrain, workOnNode } from './open-node.ts';

/** Restarts machines one after the other; the next only once the one before serves again. */
export async function reboot(
  names: string[],
  options: DrainNodeOptions,
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  const drainOptions = readDrainOptions(options);
  await using open = await openCluster(options, context);
  findSwarmNodes(open.cluster, names);
  for (const name of names) {
    const situation = await readNodeSituation(open.cluster, open.hosts, name);
    warnOfDrain(situation, context);
    const quorum = guardQuorum(situation.member, situation.members);
    if (quorum !== undefined) terminal.err(`${terminal.colors.yellow('warning')} ${neutralise(quorum)}\n`);
  }
  await confirm(`Restart ${names.join(', ')}?`, options, context);
  const results = [];
  for (const name of names) {
    // What was true of it before its neighbour was restarted need not be true now.
    const { member, members } = await readNodeSituation(open.cluster, open.hosts, name);
    guardQuorum(member, members);
    const { result, receipt } = await workOnNode(
      open,
      { command: `node reboot ${name}`, title: `restarting ${name}`, options },
      context,
      (work) => rebootNode(work, name, drainOptions),
    );
    results.push({ node: name, ...result, ...(receipt && { receipt }) });
    tellShortcomings(result, context);
    if (options.json) continue;
    terminal.out(`${name} was restarted\n`);
    await tellReceipt(receipt, context);
  }
  if (options.json) printJson(context, results);
}
