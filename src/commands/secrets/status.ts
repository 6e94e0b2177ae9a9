import type { CommandContext } from '../../cli.ts';
import { neutralise } from '../../output/terminal.ts';
import { describeUnderWay, isOpen } from '../../rotation/describe.ts';
import { listKnownSecrets } from '../../secrets/list-secrets.ts';
import { type ClusterOptions, printJson } from '../session.ts';
import { renderSecrets } from './list.ts';
import { openSwarmSecrets } from './open-swarm.ts';

/** `kawanan secrets status`: versions in the swarm with age and users, and the rotations under way. */
export async function showStatus(options: ClusterOptions, context: CommandContext): Promise<void> {
  const { terminal } = context;
  await using open = await openSwarmSecrets(options, context);
  const [secrets, records] = await Promise.all([open.swarm.list(), open.swarm.rotations.list()]);
  const listed = listKnownSecrets([], { secrets, stackNames: open.stackNames });
  const rotations = records.filter(({ stack }) => open.stackNames.includes(stack));
  const now = new Date();
  if (options.json) {
    const shown = rotations.map(({ configId: _, ...record }) => ({
      ...record,
      state: isOpen(record, now) ? 'unfinished' : 'waiting',
    }));
    printJson(context, { stacks: open.stackNames, secrets: listed, rotations: shown });
    return;
  }
  terminal.out(
    renderSecrets(
      listed.map((one) => ({ ...one, source: sourceOf(one.name, rotations) })),
      true,
      now,
      'ROTATION',
    ),
  );
  for (const line of describeUnderWay(rotations, now)) terminal.out(`${neutralise(line)}\n`);
  if (rotations.some((record) => isOpen(record, now)))
    terminal.out(
      'kawanan secrets rotate --finish goes on, --undo goes back; up and deploy finish it first\n',
    );
}

function sourceOf(name: string, rotations: { secret: string; phase: string }[]): string {
  return rotations.find(({ secret }) => secret === name)?.phase ?? '-';
}
