/** What `up` and `deploy` have in common: plan, show, ask, apply, verify, tell. */
import type { CommandContext } from '../cli.ts';
import { describeUser } from '../lock/this-process.ts';
import { formatDuration } from '../output/format.ts';
import { hasChanges, planToJson, renderPlan } from '../output/render-plan.ts';
import { type Inputs, loadInputs } from '../pipeline/inputs.ts';
import { createLayers, type LayerChoice } from '../pipeline/layers.ts';
import { applyAndVerify, planLayers } from '../pipeline/run.ts';
import type { LayerPlan } from '../plan/change.ts';
import type { Layer } from '../plan/layer.ts';
import type { Hosts } from '../remote/host.ts';
import { type ApplyOptions, confirm, createWalk, openHosts, printJson } from './session.ts';
import { withClusterLock } from './with-lock.ts';

export interface ApplyRequest extends LayerChoice {
  /** The command, as the lock names it. */
  command: string;
}

/** Brings the chosen layers to what the files say, after asking; says so when there is nothing to do. */
export async function applyCluster(
  options: ApplyOptions,
  request: ApplyRequest,
  context: CommandContext,
): Promise<void> {
  const { cwd, env } = context;
  const startedAt = performance.now();
  const inputs = await loadInputs({ ...options, cwd, env, writeSecrets: true });
  await using hosts = openHosts(inputs.cluster, context);
  await applyInputs({ inputs, hosts, startedAt }, options, request, context);
}

/** The same for inputs that are read already, whether from files or from a revision. */
export async function applyInputs(
  { inputs, hosts, startedAt }: { inputs: Inputs; hosts: Hosts; startedAt: number },
  options: ApplyOptions,
  { command, ...choice }: ApplyRequest,
  context: CommandContext,
): Promise<void> {
  const { terminal, signal } = context;
  const origin = { by: describeUser(), why: command };
  const layers = await createLayers(inputs, hosts, { ...choice, origin });
  const plans = await planLayers({ layers, signal });
  const elapsed = (): string => formatDuration(performance.now() - startedAt);

  // Progress and preview go to standard error, so that --json leaves standard output to the result.
  for (const warning of inputs.cluster.warnings)
    terminal.err(`${terminal.colors.yellow('warning')} ${warning}\n`);
  if (!hasChanges(plans)) {
    if (options.json) printJson(context, { changed: false, plans: planToJson(plans) });
    else terminal.out(`${renderPlan(plans, terminal.colors)}nothing to do, checked in ${elapsed()}\n`);
    return;
  }
  terminal.err(renderPlan(plans, terminal.colors));
  await confirm(`Go ahead on ${inputs.cluster.name}?`, options, context);
  const target = { cluster: inputs.cluster, hosts, command, options };
  const applied = await withClusterLock(target, context, async (lock) => {
    const agreed = (await lock.ensure()) ? await planAgain(layers, plans, options, context) : plans;
    const walk = {
      ...createWalk(layers, context),
      beforeChanges: lock.ensure,
      keepFailed: options.keepFailed ?? false,
    };
    return applyAndVerify(walk, agreed);
  });

  if (options.json) {
    const phases = applied.map(({ plan, elapsedMs }) => ({
      layer: plan.layer,
      changes: plan.changes.length,
      elapsedMs,
    }));
    printJson(context, { changed: true, phases, plans: planToJson(applied.map(({ plan }) => plan)) });
    return;
  }
  for (const { plan, elapsedMs } of applied) {
    terminal.out(`${plan.layer}: ${plan.changes.length} done in ${formatDuration(elapsedMs)}\n`);
  }
  terminal.out(`verified: nothing left to do · ${elapsed()} in all\n`);
}

/** The plan after another run was waited for; asks again where it isn't the one that was agreed to. */
async function planAgain(
  layers: Layer[],
  agreed: LayerPlan[],
  options: ApplyOptions,
  context: CommandContext,
): Promise<LayerPlan[]> {
  const { terminal, signal } = context;
  const plans = await planLayers({ layers, signal });
  if (JSON.stringify(planToJson(plans)) === JSON.stringify(planToJson(agreed))) return plans;
  terminal.err(`the other run changed the cluster; this is what is to do now:\n`);
  terminal.err(renderPlan(plans, terminal.colors));
  if (hasChanges(plans)) await confirm('Go ahead?', options, context);
  return plans;
}
