import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import { applyCluster } from './apply-cluster.ts';
import {
  type ApplyOptions,
  addDeployOptions,
  addResolveOption,
  type ResolveOptions,
  readResolve,
} from './session.ts';

interface UpOptions extends ApplyOptions, ResolveOptions {
  takeOver?: boolean;
}

export function buildCommand(context: CommandContext): Command {
  return addResolveOption(addDeployOptions(new Command('up')))
    .option('--take-over', 'take nodes that are in another swarm out of it')
    .action((options: UpOptions) =>
      applyCluster(
        options,
        { command: 'up', takeOver: options.takeOver ?? false, ...readResolve(options) },
        context,
      ),
    );
}
