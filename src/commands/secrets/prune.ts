import type { CommandContext } from '../../cli.ts';
import { InputError } from '../../errors.ts';
import { formatCount } from '../../output/format.ts';
import { neutralise } from '../../output/terminal.ts';
import { secretLabels } from '../../secrets/observed.ts';
import { findNewestVersion, planCollection } from '../../secrets/plan.ts';
import { type ApplyOptions, confirm, printJson } from '../session.ts';
import { withClusterLock } from '../with-lock.ts';
import { openSwarmSecrets } from './open-swarm.ts';

export interface PruneOptions extends ApplyOptions {
  keep?: string;
}

/** `kawanan secrets prune`: removes old versions that no service, no rollback and no running task uses. */
export async function pruneSecrets(options: PruneOptions, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const told = readKeep(options.keep);
  await using open = await openSwarmSecrets(options, context);
  const { swarm, stackNames, cluster, hosts } = open;
  const keep = told ?? cluster.keepSecrets ?? 0;
  const look = async () => {
    const [secrets, rotations] = await Promise.all([swarm.list(), swarm.rotations.list()]);
    return { secrets, changes: planCollection(stackNames, { secrets, rotations }, keep) };
  };
  const { secrets, changes } = await look();
  const ours = secrets.filter(({ labels }) => stackNames.includes(labels[secretLabels.stack] ?? ''));
  const stays = ours.filter(
    (one) =>
      findNewestVersion(one.labels[secretLabels.secret] ?? one.name, secrets)?.secret.id !== one.id &&
      one.services.length > 0,
  );
  for (const { name, services } of stays)
    terminal.err(
      `${neutralise(`${name} stays: ${services.map((one) => one.name).join(', ')} uses it, or goes back to it in a rollback`)}\n`,
    );
  if (changes.length === 0) {
    if (options.json) printJson(context, { removed: [] });
    else terminal.out('nothing to remove\n');
    return;
  }
  for (const { object, title } of changes) terminal.err(`${neutralise(`${object.name}: ${title}`)}\n`);
  await confirm(`Remove ${formatCount(changes.length, 'secret')} from the swarm?`, options, context);
  const removed: string[] = [];
  await withClusterLock({ cluster, hosts, command: 'secrets prune', options }, context, async (lock) => {
    // after waiting for another run the world may be another
    const current = (await lock.ensure()) ? (await look()).changes : changes;
    for (const { action, object } of current) {
      if (action.do !== 'remove') continue;
      await swarm.remove(action.id);
      removed.push(object.name);
    }
  });
  if (options.json) printJson(context, { removed });
  else terminal.out(`removed ${formatCount(removed.length, 'secret')}\n`);
}

function readKeep(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new InputError({
    message: `--keep ${JSON.stringify(text)} is no number of versions`,
    next: 'write e.g. --keep 2',
  });
}
