import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import { loadCluster } from '../cluster/load-cluster.ts';
import { readClusterStatus } from '../pipeline/read-status.ts';
import { renderStatus } from './render-status.ts';
import { addClusterOptions, type ClusterOptions, openHosts, printJson } from './session.ts';

export function buildCommand(context: CommandContext): Command {
  return addClusterOptions(new Command('status')).action((options: ClusterOptions) =>
    showStatus(options, context),
  );
}

async function showStatus(options: ClusterOptions, context: CommandContext): Promise<void> {
  const { terminal, cwd } = context;
  const cluster = await loadCluster(options.file, cwd);
  await using hosts = openHosts(cluster, context);
  const status = await readClusterStatus(cluster, hosts);
  if (options.json) printJson(context, status);
  else terminal.out(renderStatus(status, terminal.colors));
}
