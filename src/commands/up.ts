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
  skipUnreachable?: boolean;
}

export function buildCommand(context: CommandContext): Command {
  return addResolveOption(addDeployOptions(new Command('up')))
    .option(
      '--skip-unreachable',
      "leave machines that can't be reached as they are, and go on with the others",
    )
    .option('--take-over', 'take nodes that are in another swarm out of it')
    .action((options: UpOptions) =>
      applyCluster(
        options,
        {
          command: 'up',
          takeOver: options.takeOver ?? false,
          unreachable: options.skipUnreachable ? 'skip' : 'refuse',
          ...readResolve(options),
        },
        context,
      ),
    );
}
