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
  /** Path of a saved plan. */
  plan?: string;
}

export function buildCommand(context: CommandContext): Command {
  return addResolveOption(addDeployOptions(new Command('up')))
    .option(
      '--skip-unreachable',
      "leave machines that can't be reached as they are, and go on with the others",
    )
    .option('--take-over', 'take nodes that are in another swarm out of it')
    .option(
      '--plan <file>',
      'do what this plan of `kawanan plan --out` says, or nothing where the cluster has moved since',
    )
    .action((options: UpOptions) =>
      applyCluster(
        options,
        {
          command: 'up',
          takeOver: options.takeOver ?? false,
          // A saved plan was made with what could be reached then, and holds only for that.
          unreachable: options.skipUnreachable || options.plan !== undefined ? 'skip' : 'refuse',
          ...(options.plan !== undefined && { planFile: options.plan }),
          ...readResolve(options),
        },
        context,
      ),
    );
}
