import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import { exitCodes, InputError } from '../errors.ts';
import { checkWritable } from '../output/explain-write.ts';
import { hasChanges, planToJson, renderPlan } from '../output/render-plan.ts';
import { neutralise } from '../output/terminal.ts';
import { loadInputs } from '../pipeline/inputs.ts';
import { createLayers, deployedLayers } from '../pipeline/layers.ts';
import { planLayers } from '../pipeline/run.ts';
import { createLoginFinder } from '../registry/credentials.ts';
import { savePlan } from './saved-plan.ts';
import {
  addClusterOptions,
  addResolveOption,
  type ClusterOptions,
  openHosts,
  printJson,
  type ResolveOptions,
  readResolve,
} from './session.ts';

interface PlanOptions extends ClusterOptions, ResolveOptions {
  detailedExitcode?: boolean;
  out?: string;
  stack?: string[];
}

export function buildCommand(context: CommandContext): Command {
  return addResolveOption(addClusterOptions(new Command('plan')))
    .option('--detailed-exitcode', 'exit with 3 when there are changes')
    .option('--stack <name...>', 'only what `kawanan deploy` of these stacks would do')
    .option('--out <file>', 'write the plan there, for `kawanan up --plan FILE`')
    .action((options: PlanOptions) => showPlan(options, context));
}

async function showPlan(options: PlanOptions, context: CommandContext): Promise<void> {
  const { terminal, cwd, env, signal } = context;
  const { stack: stacks = [] } = options;
  if (stacks.length > 0 && options.out !== undefined)
    throw new InputError({
      message: '--out and --stack exclude each other: `kawanan up --plan` does the whole of a saved plan',
      next: 'leave one of them out',
    });
  if (options.out !== undefined) await checkWritable(options.out, cwd);
  const inputs = await loadInputs({ ...options, cwd, env, writeSecrets: false, stacks });
  await using hosts = openHosts(inputs.cluster, context);
  const plans = await planLayers({
    layers: await createLayers(inputs, hosts, {
      ...readResolve(options),
      logins: { find: createLoginFinder(env), inSwarm: false },
      unreachable: 'skip',
      ...(stacks.length > 0 && { only: deployedLayers }),
    }),
    signal,
  });
  if (options.out !== undefined) await savePlan(options.out, cwd, inputs, plans);
  if (options.json) printJson(context, planToJson(plans));
  else {
    for (const warning of inputs.cluster.warnings)
      terminal.err(`${terminal.colors.yellow('warning')} ${neutralise(warning)}\n`);
    terminal.out(renderPlan(plans, terminal.colors));
  }
  if (options.detailedExitcode && hasChanges(plans)) context.setExitCode(exitCodes.changesPending);
}
