/** What `up` and `deploy` have in common: plan, show, ask, apply, verify, tell. */
import type { CommandContext } from '../cli.ts';
import { formatDuration } from '../output/format.ts';
import { hasChanges, planToJson, renderPlan } from '../output/render-plan.ts';
import { type Inputs, loadInputs } from '../pipeline/inputs.ts';
import { createLayers, type LayerChoice } from '../pipeline/layers.ts';
import { applyAndVerify, planLayers } from '../pipeline/run.ts';
import { generatedAtUp } from '../secrets/load-secrets.ts';
import { type ApplyOptions, confirm, createWalk, openHosts, printJson } from './session.ts';

/** Brings the chosen layers to what the files say, after asking; says so when there is nothing to do. */
export async function applyCluster(
  options: ApplyOptions,
  choice: LayerChoice,
  context: CommandContext,
): Promise<void> {
  const { terminal, cwd, env, signal } = context;
  const startedAt = performance.now();
  const inputs = await loadInputs({ ...options, cwd, env, writeSecrets: false });
  await using hosts = openHosts(inputs.cluster, context);
  const layers = await createLayers(inputs, hosts, choice);
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
  // Fresh values go into the secrets file only now: until the answer was yes, nothing has been changed.
  const final = needsValues(inputs)
    ? await createLayers(await loadInputs({ ...options, cwd, env, writeSecrets: true }), hosts, choice)
    : layers;
  const applied = await applyAndVerify(createWalk(final, context), plans);

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

function needsValues({ stack }: Inputs): boolean {
  return [...(stack?.secrets.values() ?? [])].includes(generatedAtUp);
}
