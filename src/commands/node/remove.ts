import type { CommandContext } from '../../cli.ts';
import { removeNodeFromFile } from '../../cluster/edit-cluster-file.ts';
import { loadCluster } from '../../cluster/load-cluster.ts';
import { neutralise } from '../../output/terminal.ts';
import { findSwarmNode, readNodeSituation } from '../../pipeline/node-situation.ts';
import { removeMember } from '../../pipeline/remove-node.ts';
import { applyCluster } from '../apply-cluster.ts';
import { followMonitoring } from '../monitor/follow.ts';
import type { DrainNodeOptions } from '../node.ts';
import { confirm } from '../session.ts';
import { tellReceipt } from '../with-receipt.ts';
import { editClusterFile } from './edit-file.ts';
import { openCluster, readDrainOptions, tellShortcomings, warnOfDrain, workOnNode } from './open-node.ts';

/** Drains a node, takes it out of the swarm and out of the cluster file, and brings the others up to date. */
export async function removeNode(
  name: string,
  options: DrainNodeOptions & { lost?: boolean },
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  const drainOptions = readDrainOptions(options);
  findSwarmNode(await loadCluster(options.file, context.cwd), name);
  const edit = await editClusterFile(options, context.cwd, (text) => removeNodeFromFile(text, name));
  // a machine that is gone must go from the swarm's votes whatever the stacks want
  if (!options.lost) await edit.checkStacks(context.env);
  {
    await using open = await openCluster(options, context);
    const situation = await readNodeSituation(open.cluster, open.hosts, name).catch((error: unknown) => {
      // A run that was cut short had taken it out already: what is left is the file.
      if (error instanceof Error && /is not in the swarm$/.test(error.message)) return undefined;
      throw error;
    });
    if (situation) {
      warnOfDrain(situation, context);
      await confirm(`Take ${name} out of the cluster?`, options, context);
      const { result, receipt } = await workOnNode(
        open,
        { command: `node remove ${name}`, title: `removing ${name}`, options },
        context,
        (work) => removeMember(work, situation, { ...drainOptions, lost: options.lost ?? false }),
      );
      tellShortcomings(result, context);
      await tellReceipt(receipt, context);
    }
  }
  await edit.write();
  terminal.err(
    neutralise(`${name} is out of the swarm and of ${edit.after.file}; what is installed on it stays`),
  );
  terminal.err('\n');
  // The others still know it: their hosts files, the balancers' servers. It was agreed to above.
  await applyCluster({ ...options, yes: true }, { command: `node remove ${name}` }, context);
  await followMonitoring(options, context);
}
