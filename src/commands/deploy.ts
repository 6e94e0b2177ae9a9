import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import { applyCluster } from './apply-cluster.ts';
import { type ApplyOptions, addClusterOptions } from './session.ts';

export function buildCommand(context: CommandContext): Command {
  return addClusterOptions(new Command('deploy'))
    .option('-y, --yes', 'go ahead without asking')
    .action((options: ApplyOptions) =>
      applyCluster(options, { only: ['images', 'secrets', 'stack', 'balancer'] }, context),
    );
}
