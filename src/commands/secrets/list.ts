import type { CommandContext } from '../../cli.ts';
import { type Cluster, managers } from '../../cluster/cluster.ts';
import { UserError } from '../../errors.ts';
import { renderTable } from '../../output/table.ts';
import { neutralise } from '../../output/terminal.ts';
import { within } from '../../remote/within.ts';
import { type ListedSecret, listKnownSecrets } from '../../secrets/list-secrets.ts';
import type { ObservedSecret } from '../../secrets/observed.ts';
import { describePlainText, readSoundSecretsFile } from '../../secrets/read-secrets-file.ts';
import { type FileOptions, findSecretsFile, warn } from './find-file.ts';

/** `kawanan secrets ls`: names and where they come from; where a swarm answers, versions, ages and users. */
export async function listSecrets(
  options: FileOptions & { offline?: boolean; json?: boolean },
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  const { path, shown, cluster } = await findSecretsFile(options, context);
  const { document } = await readSoundSecretsFile(path);
  const asked = cluster && !options.offline ? await askSwarm(cluster, context) : undefined;
  const stackNames = (cluster?.stacks ?? []).map(({ name }) => name);
  const secrets = listKnownSecrets(
    document.entries,
    asked && 'secrets' in asked ? { secrets: asked.secrets, stackNames } : undefined,
  );
  const unknown = asked && 'unknown' in asked ? asked.unknown : undefined;
  if (options.json) {
    const result = { file: path, secrets, ...(unknown !== undefined && { swarmUnknown: unknown }) };
    terminal.out(`${JSON.stringify(result, undefined, 2)}\n`);
    return;
  }
  terminal.out(renderSecrets(secrets, asked !== undefined && unknown === undefined, new Date()));
  if (unknown !== undefined) terminal.err(`note: of the swarm nothing is known: ${neutralise(unknown)}\n`);
  warn(context, describePlainText(document, shown));
}

/** The table of a list; ages as seen from `now`. */
export function renderSecrets(
  secrets: ListedSecret[],
  withSwarm: boolean,
  now: Date,
  second = 'SOURCE',
): string {
  if (!withSwarm)
    return renderTable(
      ['NAME', second],
      secrets.map(({ name, source = '' }) => [name, source]),
    );
  return renderTable(
    ['NAME', second, 'VERSION', 'AGE', 'USED BY'],
    secrets.flatMap(({ name, source = 'only in the swarm', versions = [] }) => {
      if (versions.length === 0) return [[name, source, '-', '-', '-']];
      return versions.map(({ version, createdAt, usedBy }, index) => [
        index === 0 ? name : '',
        index === 0 ? source : '',
        String(version),
        createdAt === undefined ? '-' : formatAge(now.getTime() - Date.parse(createdAt)),
        usedBy.map(neutralise).join(', ') || '-',
      ]);
    }),
  );
}

/** The largest unit alone: how old a secret is interests in days or weeks. */
function formatAge(ageMs: number): string {
  const seconds = Math.max(0, Math.floor(ageMs / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** Longer than an answer takes, shorter than anybody would wait for a list of names. */
const swarmTimeoutMs = 15_000;

async function askSwarm(
  cluster: Cluster,
  context: CommandContext,
): Promise<{ secrets: ObservedSecret[] } | { unknown: string }> {
  if (managers(cluster).length === 0) return { unknown: 'the cluster has no manager' };
  const [{ openHosts }, { findManager }, { createSwarmSecrets }] = await Promise.all([
    import('../session.ts'),
    import('../../swarm/connect-manager.ts'),
    import('../../secrets/swarm-secrets.ts'),
  ]);
  await using hosts = openHosts(cluster, context);
  const ask = async (): Promise<{ secrets: ObservedSecret[] } | { unknown: string }> => {
    const found = await findManager(cluster, hosts);
    if (found.kind === 'absent') return { unknown: found.reason };
    return { secrets: await createSwarmSecrets(found.engine).list() };
  };
  try {
    return await within(swarmTimeoutMs, ask(), (seconds) => new UserError(`no answer within ${seconds} s`));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { unknown: error.message };
  }
}
