import type { CommandContext } from '../../cli.ts';
import { addNodeToFile } from '../../cluster/edit-cluster-file.ts';
import { InputError, type Problem } from '../../errors.ts';
import { applyCluster } from '../apply-cluster.ts';
import { followMonitoring } from '../monitor/follow.ts';
import type { AddNodeOptions } from '../node.ts';
import { editClusterFile } from './edit-file.ts';

/** Writes a machine into the cluster file, and brings the whole cluster up with it. */
export async function addNode(
  { name, address }: { name: string; address: string },
  options: AddNodeOptions,
  context: CommandContext,
): Promise<void> {
  const labels = readLabels(options.labels);
  const edit = await editClusterFile(options, context.cwd, (text) =>
    addNodeToFile(text, { name, address, role: options.role, labels }),
  );
  await edit.checkStacks(context.env);
  await edit.write();
  context.terminal.err(`${name} stands in ${edit.after.file} now\n`);
  await applyCluster(options, { command: `node add ${name}` }, context);
  await followMonitoring(options, context);
}

function readLabels(words: string[]): Record<string, string> {
  const problems: Problem[] = [];
  const labels: Record<string, string> = {};
  for (const word of words) {
    const [, key, value] = /^([^=]+)=(.*)$/.exec(word) ?? [];
    if (key === undefined || value === undefined)
      problems.push({ message: `${JSON.stringify(word)} is no label`, next: 'write e.g. --labels zone=a' });
    else labels[key] = value;
  }
  if (problems.length > 0) throw new InputError(problems);
  return labels;
}
