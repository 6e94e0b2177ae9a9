import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import { applyCluster } from './apply-cluster.ts';
import { type ApplyOptions, addClusterOptions } from './session.ts';

interface UpOptions extends ApplyOptions {
  takeOver?: boolean;
}

export function buildCommand(context: CommandContext): Command {
  return addClusterOptions(new Command('up'))
    .option('-y, --yes', 'go ahead without asking')
    .option('--take-over', 'take nodes that are in another swarm out of it')
    .action((options: UpOptions) => applyCluster(options, { takeOver: options.takeOver ?? false }, context));
}
