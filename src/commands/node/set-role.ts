import type { CommandContext } from '../../cli.ts';
import { managers } from '../../cluster/cluster.ts';
import { setRoleInFile } from '../../cluster/edit-cluster-file.ts';
import { InputError } from '../../errors.ts';
import { findSwarmNode } from '../../pipeline/node-situation.ts';
import { applyCluster } from '../apply-cluster.ts';
import type { ApplyOptions } from '../session.ts';
import { editClusterFile } from './edit-file.ts';

/** Gives a node another role, in the cluster file and then everywhere: the plan guards the quorum. */
export async function setRole(
  name: string,
  role: 'manager' | 'worker',
  options: ApplyOptions,
  context: CommandContext,
): Promise<void> {
  const edit = await editClusterFile(options, context.cwd, (text) => text);
  findSwarmNode(edit.before, name);
  if (role === 'worker' && managers(edit.before).every((node) => node.name === name))
    throw new InputError({
      message: `${name} is the only manager`,
      next: 'kawanan node promote another node first',
    });
  const changed = await editClusterFile(options, context.cwd, (text) => setRoleInFile(text, name, role));
  await changed.checkStacks(context.env);
  await changed.write();
  context.terminal.err(`${name} is a ${role} in ${changed.after.file} now\n`);
  await applyCluster(
    options,
    { command: `node ${role === 'manager' ? 'promote' : 'demote'} ${name}` },
    context,
  );
}
