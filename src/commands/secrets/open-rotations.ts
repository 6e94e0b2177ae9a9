import type { CommandContext } from '../../cli.ts';
import { describeUser } from '../../lock/this-process.ts';
import { neutralise } from '../../output/terminal.ts';
import type { Inputs } from '../../pipeline/inputs.ts';
import { type OpenRotations, openRotations } from '../../pipeline/rotation-world.ts';
import type { Hosts } from '../../remote/host.ts';
import { createWalk } from '../session.ts';

/** The rotations of a cluster as a command works on them: shown as changes are, told line by line. */
export function openToldRotations(
  { inputs, hosts, keepLock }: { inputs: Inputs; hosts: Hosts; keepLock: () => Promise<unknown> },
  context: CommandContext,
): Promise<OpenRotations> {
  const { env, signal, terminal } = context;
  return openRotations({
    inputs,
    hosts,
    env,
    by: describeUser(),
    signal,
    show: createWalk([], context).show,
    beforeChanges: keepLock,
    tell: (message) => terminal.err(`${neutralise(message)}\n`),
  });
}
