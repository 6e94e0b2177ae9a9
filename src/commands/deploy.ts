import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import { applyCluster } from './apply-cluster.ts';
import { type ApplyOptions, addDeployOptions } from './session.ts';

export function buildCommand(context: CommandContext): Command {
  return addDeployOptions(new Command('deploy')).action((options: ApplyOptions) =>
    applyCluster(options, { command: 'deploy', only: ['images', 'secrets', 'stack', 'balancer'] }, context),
  );
}
