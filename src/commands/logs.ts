import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import { InputError } from '../errors.ts';
import { neutralise } from '../output/terminal.ts';
import { findStackOf, openStacks } from './open-stack.ts';
import { addClusterOptions, addStackOption, type StackOptions } from './session.ts';

interface LogsOptions extends StackOptions {
  tail?: number;
  follow?: boolean;
  since?: string;
  timestamps?: boolean;
}

export function buildCommand(context: CommandContext): Command {
  return addStackOption(addClusterOptions(new Command('logs')))
    .argument('<service>', 'name in the compose file, or the full name in the swarm')
    .option('-n, --tail <lines>', 'only so many lines from the end of each task', parseTail)
    .option('--follow', 'go on as lines are written; Ctrl-C ends it')
    .option('--since <time>', 'only what was written since: 10m, 1h30m, 2026-11-21T02:00:00Z')
    .option('-t, --timestamps', 'show when each line was written')
    .action((service: string, options: LogsOptions) => showLogs(service, options, context));
}

async function showLogs(name: string, options: LogsOptions, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const [{ followServiceLog }, { parseSince }] = await Promise.all([
    import('../stack/service-log.ts'),
    import('../stack/parse-since.ts'),
  ]);
  const since = options.since === undefined ? undefined : parseSince(options.since, Date.now());
  await using open = await openStacks(options, context);
  const stack = await findStackOf(name, open);
  const lines = followServiceLog(open.engine, stack.name, name, {
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
