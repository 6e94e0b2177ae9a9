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

export function buildCommand(context: CommandContext): Command {
  return addResolveOption(addDeployOptions(new Command('deploy'))).action(
    (options: ApplyOptions & ResolveOptions) =>
      applyCluster(
        options,
        {
          command: 'deploy',
          only: ['images', 'secrets', 'stack', 'balancer'],
          ...readResolve(options),
        },
        context,
      ),
  );
}
