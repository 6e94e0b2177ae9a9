/** What `up` and `deploy` do before anything else: rotations that a run was killed in, or that are due, are finished. */
import type { CommandContext } from '../cli.ts';
import { UserError } from '../errors.ts';
import { neutralise } from '../output/terminal.ts';
import { type Inputs, loadInputs } from '../pipeline/inputs.ts';
import type { Hosts } from '../remote/host.ts';
import { type ApplyOptions, confirm } from './session.ts';
import { withClusterLock } from './with-lock.ts';

/** @returns whether there were any: the secrets file may say something else now. */
export async function finishOpenRotations(
  inputs: Inputs,
  hosts: Hosts,
  options: ApplyOptions,
  context: CommandContext,
): Promise<boolean> {
  const { terminal, cwd, env } = context;
  const lines = await describeOpen(inputs, hosts);
  if (lines.length === 0) return false;
  for (const line of lines) terminal.err(`${neutralise(`unfinished rotation: ${line}`)}\n`);
  await confirm('Finish it first?', options, context);
  const [{ openToldRotations }, { finishRotations }] = await Promise.all([
    import('./secrets/open-rotations.ts'),
    import('../rotation/run.ts'),
  ]);
  // A secret's consumers may be in any stack, and all of them must move before the old value goes.
  const whole =
    inputs.stacks.length < inputs.cluster.stacks.length
      ? await loadInputs({ ...options, cwd, env, writeSecrets: false })
      : inputs;
  const target = { cluster: inputs.cluster, hosts, command: 'secrets rotate --finish', options };
  await withClusterLock(target, context, async (lock) => {
    await lock.ensure();
    const { world, find } = await openToldRotations({ inputs: whole, hosts, keepLock: lock.ensure }, context);
    await finishRotations(world, find);
  });
  return true;
}

/** A line for each; none where there is no swarm yet, which what follows will tell. */
async function describeOpen({ cluster, stacks }: Inputs, hosts: Hosts): Promise<string[]> {
  if (stacks.every(({ definition }) => definition.external.secrets.length === 0)) return [];
  const [{ findManager }, { createRotationStore }, { describeUnderWay, isOpen }] = await Promise.all([
    import('../swarm/connect-manager.ts'),
    import('../secrets/rotation-store.ts'),
    import('../rotation/describe.ts'),
  ]);
  try {
    const manager = await findManager(cluster, hosts);
    if (manager.kind === 'absent') return [];
    const now = new Date();
    const names = cluster.stacks.map(({ name }) => name);
    const records = await createRotationStore(manager.engine).list();
    const ours = records.filter((one) => names.includes(one.stack) && isOpen(one, now));
    return describeUnderWay(ours, now);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [];
  }
}
