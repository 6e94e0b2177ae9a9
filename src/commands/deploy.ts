import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import { deployedLayers } from '../pipeline/layers.ts';
import { applyCluster } from './apply-cluster.ts';
import {
  type ApplyOptions,
  addDeployOptions,
  addResolveOption,
  type ResolveOptions,
  readResolve,
} from './session.ts';

export function buildCommand(context: CommandContext): Command {
  return addResolveOption(addDeployOptions(new Command('deploy')))
    .argument('[stack...]', 'only these stacks; all of the cluster unless told')
    .action((stacks: string[], options: ApplyOptions & ResolveOptions) =>
      applyCluster(
        options,
        {
          command: ['deploy', ...stacks].join(' '),
          stacks,
          only: deployedLayers,
          ...readResolve(options),
        },
        context,
      ),
    );
}
