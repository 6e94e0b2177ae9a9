/** What `up` and `deploy` have in common: plan, show, ask, apply, verify, tell. */
import type { CommandContext } from '../cli.ts';
import { loadCluster } from '../cluster/load-cluster.ts';
import { describeUser } from '../lock/this-process.ts';
import { formatDuration } from '../output/format.ts';
import { hasChanges, planToJson, renderPlan } from '../output/render-plan.ts';
import { neutralise } from '../output/terminal.ts';
import { planServed } from '../pipeline/deployed-stacks.ts';
import { type Inputs, loadInputs } from '../pipeline/inputs.ts';
import { createLayers, type LayerChoice } from '../pipeline/layers.ts';
import { applyAndVerify, planLayers } from '../pipeline/run.ts';
import { type LayerPlan, nameLayer } from '../plan/change.ts';
import type { Layer } from '../plan/layer.ts';
import { createLoginFinder } from '../registry/credentials.ts';
import type { Hosts } from '../remote/host.ts';
import { generatedAtUp } from '../secrets/load-secrets.ts';
import { finishOpenRotations } from './finish-rotations.ts';
import { checkSavedPlan, readSavedPlan } from './saved-plan.ts';
import { type ApplyOptions, confirm, createAskingWalk, openHosts, printJson } from './session.ts';
import { withClusterLock } from './with-lock.ts';
import { tellReceipt, withReceipt } from './with-receipt.ts';

export interface ApplyRequest extends LayerChoice {
  /** The command, as the lock names it. */
  command: string;
  /** Names of the only stacks that are wanted; all of the cluster unless told. */
  stacks?: readonly string[];
  /** Path of a saved plan: that is done, or nothing. */
  planFile?: string;
  /** Puts the layers together; those of a cluster unless told. */
  build?: typeof createLayers;
}

/** Brings the chosen layers to what the files say, after asking; says so when there is nothing to do. */
export async function applyCluster(
  options: ApplyOptions,
  request: ApplyRequest,
  context: CommandContext,
): Promise<void> {
  const { cwd, env } = context;
  const startedAt = performance.now();
  const cluster = await loadCluster(options.file, cwd);
  // What can't be a plan needs no machine to be refused.
  if (request.planFile !== undefined) await readSavedPlan(request.planFile, cwd);
  const load = (writeSecrets: boolean) =>
    loadInputs({ ...options, cwd, cluster, env, writeSecrets, stacks: request.stacks ?? [] });
  const read = Promise.withResolvers<void>();
  await using hosts = openHosts(cluster, context, { mayAsk: read.promise });
  // Every machine is spoken to in a moment: it lets us in while the other files are read. Who can't be reached is told then.
  for (const { name } of cluster.nodes) void hosts.connect(name).catch(() => {});
  let inputs = await load(false);
  read.resolve();
  let planning = planInputs(inputs, hosts, options, request, context);
  // Looked at side by side. Where a rotation is open, what was planned is of no use, and neither is what stood in its way.
  planning.catch(() => {});
  if (await finishOpenRotations(inputs, hosts, options, context)) {
    inputs = await load(false);
    planning = planInputs(inputs, hosts, options, request, context);
  }
  // Fresh values go into the secrets file only once the plan is agreed to: until then nothing is changed.
  const settle = needsValues(inputs) ? () => load(true) : undefined;
  await applyPlanned(
    { inputs, hosts, startedAt, planned: await planning, ...(settle && { settle }) },
    options,
    request,
    context,
  );
}

export interface AppliedInputs {
  inputs: Inputs;
  hosts: Hosts;
  /** On `performance.now()`'s clock. */
  startedAt: number;
  /** Called once the plan is agreed to: the inputs with what had to wait for that. */
  settle?: () => Promise<Inputs>;
}

/** The same for inputs that are read already, whether from files or from a revision; whether something was to do. */
export async function applyInputs(
  given: AppliedInputs,
  options: ApplyOptions,
  request: ApplyRequest,
  context: CommandContext,
): Promise<boolean> {
  const planned = await planInputs(given.inputs, given.hosts, options, request, context);
  await applyPlanned({ ...given, planned }, options, request, context);
  return hasChanges(planned.plans);
}

interface Planned {
  choice: LayerChoice;
  layers: Layer[];
  plans: LayerPlan[];
}

async function planInputs(
  inputs: Inputs,
  hosts: Hosts,
  options: ApplyOptions,
  { command, planFile: _, stacks: __, build = createLayers, ...request }: ApplyRequest,
  { signal, env }: CommandContext,
): Promise<Planned> {
  const origin = { by: describeUser(), why: command };
  const logins = { find: createLoginFinder(env), inSwarm: options.registryAuth ?? true };
  const choice = { ...request, logins, origin };
  const layers = await build(inputs, hosts, choice);
  return { choice, layers, plans: await planLayers({ layers, signal }) };
}

async function applyPlanned(
  { inputs, hosts, startedAt, settle, planned }: AppliedInputs & { planned: Planned },
  options: ApplyOptions,
  { command, planFile, build = createLayers }: ApplyRequest,
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  const { choice, layers, plans } = planned;
  if (planFile !== undefined) await checkSavedPlan(planFile, context.cwd, inputs, plans);
  const elapsed = (): string => formatDuration(performance.now() - startedAt);

  // Progress and preview go to standard error, so that --json leaves standard output to the result.
  for (const warning of inputs.cluster.warnings)
    terminal.err(`${terminal.colors.yellow('warning')} ${neutralise(warning)}\n`);
  if (!hasChanges(plans)) {
    if (options.json) printJson(context, { changed: false, plans: planToJson(plans) });
    else terminal.out(`${renderPlan(plans, terminal.colors)}nothing to do, checked in ${elapsed()}\n`);
    return;
  }
  terminal.err(renderPlan(plans, terminal.colors));
  await confirm(`Go ahead on ${inputs.cluster.name}?`, options, context);
  const target = { cluster: inputs.cluster, hosts, command, options };
  const { result: applied, receipt } = await withClusterLock(target, context, async (lock) => {
    const waited = await lock.ensure();
    const final = settle ? await build(await settle(), hosts, choice) : layers;
    using asking = createAskingWalk(final, context);
    const walk = {
      ...asking,
      beforeChanges: lock.ensure,
      keepFailed: options.keepFailed ?? false,
    };
    // While the question stood there, or another run was waited for, the cluster may have moved.
    const agreed =
      waited || (!options.yes && !settle)
        ? await planAgain(final, plans, options, context)
        : settle
          ? await planLayers(walk)
          : plans;
    return await withReceipt(
      { cluster: inputs.cluster, model: () => planServed(inputs, hosts), command, options },
      context,
      () => applyAndVerify(walk, agreed),
    );
  });

  if (options.json) {
    const phases = applied.map(({ plan, elapsedMs }) => ({
      layer: plan.layer,
      ...(plan.stack !== undefined && { stack: plan.stack }),
      changes: plan.changes.length,
      elapsedMs,
    }));
    printJson(context, {
      changed: true,
      phases,
      plans: planToJson(applied.map(({ plan }) => plan)),
      ...(receipt && { receipt }),
    });
    return;
  }
  for (const { plan, elapsedMs } of applied) {
    terminal.out(`${nameLayer(plan)}: ${plan.changes.length} done in ${formatDuration(elapsedMs)}\n`);
  }
  terminal.out(`verified: nothing left to do · ${elapsed()} in all\n`);
  await tellReceipt(receipt, context);
}

/** The plan after time has passed; asks again where it isn't the one that was agreed to. */
async function planAgain(
  layers: Layer[],
  agreed: LayerPlan[],
  options: ApplyOptions,
  context: CommandContext,
): Promise<LayerPlan[]> {
  const { terminal, signal } = context;
  const plans = await planLayers({ layers, signal });
  if (JSON.stringify(planToJson(plans)) === JSON.stringify(planToJson(agreed))) return plans;
  terminal.err(`the cluster was changed meanwhile; this is what is to do now:\n`);
  terminal.err(renderPlan(plans, terminal.colors));
  if (hasChanges(plans)) await confirm('Go ahead?', options, context);
  return plans;
}

function needsValues({ secrets }: Inputs): boolean {
  return [...secrets.values()].includes(generatedAtUp);
}
