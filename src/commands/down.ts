import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import { formatDuration } from '../output/format.ts';
import { planToJson, renderPlan } from '../output/render-plan.ts';
import { orderForRemoval } from '../pipeline/deployed-stacks.ts';
import { loadRemovalInputs } from '../pipeline/inputs.ts';
import { createLayers, deployedLayers } from '../pipeline/layers.ts';
import { planRemovals, removeLayers } from '../pipeline/run.ts';
import { type ApplyOptions, addApplyOptions, confirm, createWalk, openHosts, printJson } from './session.ts';
import { withClusterLock } from './with-lock.ts';

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
  const { terminal, cwd, env, signal } = context;
  const startedAt = performance.now();
  const wanted = await loadRemovalInputs({ ...options, cwd, env, stacks });
  await using hosts = openHosts(wanted.cluster, context);
  const inputs = await orderForRemoval(wanted, hosts);
  const layers = await createLayers(inputs, hosts, {
    unreachable: options.skipUnreachable ? 'skip' : 'refuse',
    removing: true,
    ...(stacks.length > 0 && { only: deployedLayers }),
  });
  const removal = { volumes: options.volumes ?? false, ...(stacks.length > 0 && { stacks }) };
  const plans = await planRemovals({ layers, signal }, removal);
  if (plans.every(({ changes }) => changes.length === 0)) {
    if (options.json) printJson(context, { changed: false });
    else terminal.out('nothing to remove\n');
    return;
  }
  terminal.err(renderPlan(plans, terminal.colors));
  await confirm(`Remove all this from ${inputs.cluster.name}?`, options, context);
  const target = { cluster: inputs.cluster, hosts, command: ['down', ...stacks].join(' '), options };
  const applied = await withClusterLock(target, context, async (lock) => {
    await lock.ensure();
    return removeLayers(createWalk(layers, context), removal);
  });
  if (options.json) printJson(context, { changed: true, plans: planToJson(applied.map(({ plan }) => plan)) });
  else terminal.out(`removed in ${formatDuration(performance.now() - startedAt)}\n`);
}
