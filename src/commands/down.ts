import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import { orderForRemoval } from '../pipeline/deployed-stacks.ts';
import { loadRemovalInputs } from '../pipeline/inputs.ts';
import { createLayers, deployedLayers } from '../pipeline/layers.ts';
import { describeMonitoringRemoval } from '../pipeline/monitoring-inputs.ts';
import { createMonitoringLayers } from '../pipeline/monitoring-layers.ts';
import { type ApplyOptions, addApplyOptions, openHosts } from './session.ts';
import { takeLayersDown } from './take-down.ts';

interface DownOptions extends ApplyOptions {
  volumes?: boolean;
  skipUnreachable?: boolean;
}

export function buildCommand(context: CommandContext): Command {
  return addApplyOptions(new Command('down'))
    .option('--volumes', 'remove volumes too, with all the data in them')
    .option('--skip-unreachable', "leave machines that can't be reached as they are; what is on them stays")
    .argument(
      '[stack...]',
      'only these stacks: their services, networks, secrets and images; the rest serves on',
    )
    .action((stacks: string[], options: DownOptions) => takeDown(stacks, options, context));
}

async function takeDown(stacks: string[], options: DownOptions, context: CommandContext): Promise<void> {
  const { cwd, env } = context;
  const startedAt = performance.now();
  const wanted = await loadRemovalInputs({ ...options, cwd, env, stacks });
  await using hosts = openHosts(wanted.cluster, context);
  const inputs = await orderForRemoval(wanted, hosts);
  const unreachable = options.skipUnreachable ? 'skip' : 'refuse';
  const all = stacks.length === 0;
  const layers = [
    ...(await createLayers(inputs, hosts, {
      unreachable,
      removing: true,
      ...(!all && { only: deployedLayers }),
    })),
    // What watches the cluster goes with it, and first.
    ...(all ? await createMonitoringLayers(describeMonitoringRemoval(inputs), hosts, { unreachable }) : []),
  ];
  const removal = { volumes: options.volumes ?? false, ...(!all && { stacks }) };
  const target = { cluster: inputs.cluster, hosts, command: ['down', ...stacks].join(' '), options };
  await takeLayersDown({ layers, removal, target, startedAt }, context);
}
