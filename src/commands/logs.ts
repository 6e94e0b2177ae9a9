import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import { loadCluster } from '../cluster/load-cluster.ts';
import { InputError, UserError } from '../errors.ts';
import { neutralise } from '../output/terminal.ts';
import { addClusterOptions, type ClusterOptions, openHosts } from './session.ts';

interface LogsOptions extends ClusterOptions {
  tail?: number;
  follow?: boolean;
  since?: string;
  timestamps?: boolean;
}

export function buildCommand(context: CommandContext): Command {
  return addClusterOptions(new Command('logs'))
    .argument('<service>', 'name in the compose file, or the full name in the swarm')
    .option('-n, --tail <lines>', 'only so many lines from the end of each task', parseTail)
    .option('--follow', 'go on as lines are written; Ctrl-C ends it')
    .option('--since <time>', 'only what was written since: 10m, 1h30m, 2026-11-21T02:00:00Z')
    .option('-t, --timestamps', 'show when each line was written')
    .action((service: string, options: LogsOptions) => showLogs(service, options, context));
}

async function showLogs(name: string, options: LogsOptions, context: CommandContext): Promise<void> {
  const { terminal, cwd, signal } = context;
  const [{ connectManager }, { followServiceLog }, { parseSince }] = await Promise.all([
    import('../swarm/connect-manager.ts'),
    import('../stack/service-log.ts'),
    import('../stack/parse-since.ts'),
  ]);
  const since = options.since === undefined ? undefined : parseSince(options.since, Date.now());
  const cluster = await loadCluster(options.file, cwd);
  if (!cluster.stack)
    throw new UserError('the cluster file names no stack', { next: 'add `stack: {name, file}` to it' });
  await using hosts = openHosts(cluster, context);
  const { engine } = await connectManager(cluster, hosts);
  const lines = followServiceLog(engine, cluster.stack.name, name, {
    signal,
    ...(options.tail !== undefined && { tail: options.tail }),
    ...(options.follow && { follow: true }),
    ...(since !== undefined && { since }),
  });
  const { dim } = terminal.colors;
  for await (const line of lines) {
    if (options.json) {
      terminal.out(`${JSON.stringify(line)}\n`);
      continue;
    }
    const when = options.timestamps ? `${dim(neutralise(line.timestamp))} ` : '';
    terminal.out(`${dim(`${neutralise(line.source)} |`)} ${when}${neutralise(line.text)}\n`);
  }
}

function parseTail(text: string): number {
  const lines = Number(text);
  if (!Number.isInteger(lines) || lines < 0)
    throw new InputError({
      message: `--tail ${JSON.stringify(text)} is no number of lines`,
      next: 'write e.g. --tail 100',
    });
  return lines;
}
