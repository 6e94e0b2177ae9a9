import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import { chooseStack } from '../cluster/choose-stack.ts';
import { loadCluster } from '../cluster/load-cluster.ts';
import { InputError, UserError } from '../errors.ts';
import { neutralise } from '../output/terminal.ts';
import { loadMaterials } from '../pipeline/inputs.ts';
import { readRevision, restoreDefinition, type StoredRevision } from '../stack/revision.ts';
import { applyInputs } from './apply-cluster.ts';
import { readRevisions } from './read-revisions.ts';
import { type ApplyOptions, addDeployOptions, addStackOption, openHosts } from './session.ts';

type RollbackOptions = ApplyOptions & { stack?: string };

export function buildCommand(context: CommandContext): Command {
  return addStackOption(addDeployOptions(new Command('rollback')))
    .argument('[revision]', 'number of the revision; the one before the newest unless told')
    .action((revision: string | undefined, options: RollbackOptions) => rollBack(revision, options, context));
}

async function rollBack(
  wanted: string | undefined,
  options: RollbackOptions,
  context: CommandContext,
): Promise<void> {
  const { terminal, cwd, env } = context;
  const startedAt = performance.now();
  const cluster = await loadCluster(options.file, cwd);
  const { name } = chooseStack(cluster, options.stack);
  if (wanted !== undefined && !/^r?\d+$/i.test(wanted))
    throw new InputError({
      message: `${JSON.stringify(wanted)} is no number of a revision`,
      next: '`kawanan history` lists those that there are',
    });
  await using hosts = openHosts(cluster, context);
  const revision = chooseRevision(wanted, await readRevisions(name, cluster, hosts));
  const { number, createdAt, by, why } = revision;
  terminal.err(`${neutralise(`back to revision ${number}: ${why} by ${by}, ${createdAt}`)}\n`);
  const definition = restoreDefinition(readRevision(revision), `revision ${number} of ${name}`);
  const [{ prepareImages }, { listKeptImages }] = await Promise.all([
    import('../images/prepare-images.ts'),
    import('../images/desired.ts'),
  ]);
  const { archives } = await prepareImages(definition, cluster);
  const stack = {
    definition,
    images: listKeptImages(definition, cluster, archives),
    rotations: [],
    materials: await loadMaterials(definition, cluster, env),
  };
  await applyInputs(
    { inputs: { cluster, stacks: [stack], secrets: new Map(), env }, hosts, startedAt },
    options,
    {
      command: `rollback to ${number}${cluster.stacks.length > 1 ? ` of ${name}` : ''}`,
      only: ['images', 'stack', 'balancer'],
    },
    context,
  );
}

function chooseRevision(wanted: string | undefined, revisions: StoredRevision[]): StoredRevision {
  if (wanted === undefined) {
    const before = revisions[1];
    if (before) return before;
    throw new UserError('there is no revision to go back to', {
      details: [revisions.length === 0 ? 'the swarm keeps none' : 'the swarm keeps only the newest'],
      next: '`kawanan history` shows what there is',
    });
  }
  const found = revisions.find(({ number }) => String(number) === wanted.replace(/^r/i, ''));
  if (found) return found;
  throw new InputError({
    message: `there is no revision ${JSON.stringify(wanted)}`,
    next:
      revisions.length > 0
        ? `the swarm keeps ${revisions.map(({ number }) => number).join(', ')}`
        : 'the swarm keeps none yet: `kawanan up` or `kawanan deploy` keeps the first',
  });
}
