import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import { chooseStack } from '../cluster/choose-stack.ts';
import { loadCluster } from '../cluster/load-cluster.ts';
import { renderTable } from '../output/table.ts';
import { neutralise } from '../output/terminal.ts';
import { describeRevisions } from '../stack/describe-revisions.ts';
import { readRevisions } from './read-revisions.ts';
import { addClusterOptions, addStackOption, openHosts, printJson, type StackOptions } from './session.ts';

export function buildCommand(context: CommandContext): Command {
  return addStackOption(addClusterOptions(new Command('history'))).action((options: StackOptions) =>
    showHistory(options, context),
  );
}

async function showHistory(options: StackOptions, context: CommandContext): Promise<void> {
  const { terminal, cwd } = context;
  const cluster = await loadCluster(options.file, cwd);
  const { name } = chooseStack(cluster, options.stack);
  await using hosts = openHosts(cluster, context);
  const revisions = describeRevisions(await readRevisions(name, cluster, hosts));
  if (options.json) {
    printJson(context, revisions);
    return;
  }
  if (revisions.length === 0) {
    terminal.out('no revisions yet: `kawanan up` or `kawanan deploy` keeps the first\n');
    return;
  }
  const rows = revisions.map(({ number, createdAt, by, why, changes, services }) =>
    [
      String(number),
      createdAt.replace(/\.\d+Z$/, 'Z'),
      by,
      why,
      changes === undefined ? `${services} services` : changes.join('; ') || 'nothing but its order',
    ].map(neutralise),
  );
  terminal.out(renderTable(['REV', 'WHEN', 'BY', 'COMMAND', 'CHANGED'], rows));
}
