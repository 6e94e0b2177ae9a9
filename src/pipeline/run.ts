/**
 * Walks the layers: observes and plans all of them, carries plans out from the bottom up (or, to remove, from the
 * top down), and proves at the end that nothing is left to change.
 */
import { CombinedError, exitCodes, InterruptedError, UserError } from '../errors.ts';
import { type LayerPlan, nameLayer, unknownPlan } from '../plan/change.ts';
import {
  type EarlierPlans,
  keyOfPlan,
  type Layer,
  type PlanKey,
  type RemovalOptions,
} from '../plan/layer.ts';
import { type ChangeEvent, runChanges } from '../plan/run-changes.ts';

export interface Walk {
  layers: Layer[];
  signal: AbortSignal;
  /** Called before the changes of each layer: takes the lock as soon as there is a swarm to hold it, keeps it after. */
  beforeChanges?: () => Promise<unknown>;
  /** What the user said to Ctrl-C, and what can be chosen; absent where nobody is asked. */
  interruption?: Interruption;
  /** Leave what failed as it is, instead of taking it back. */
  keepFailed?: boolean;
  /** Shows one layer's changes while `work` carries them out. */
  show: (plan: LayerPlan, work: (onEvent: (event: ChangeEvent) => void) => Promise<void>) => Promise<void>;
}

/** Between a walk and whoever asks the user what Ctrl-C means. */
export interface Interruption {
  /** The changes at work can be taken back. */
  canTakeBack: boolean;
  /** The user wants that: the walk's signal has been aborted for it. */
  takeBack: boolean;
  /** Aborts when the user doesn't want the way back either. */
  leaving: AbortSignal;
}

/**
 * The plan of every layer, lowest first. Layers are observed side by side; nothing is changed.
 *
 * @throws what the lowest layer throws that can't be observed or planned: it explains what those above it miss.
 */
export async function planLayers({ layers, signal }: Pick<Walk, 'layers' | 'signal'>): Promise<LayerPlan[]> {
  const observing = layers.map((layer) => layer.observe(signal));
  await Promise.all(observing).catch((error: unknown) => {
    // Whoever wants to leave needn't be told of the lowest.
    if (signal.aborted) throw error;
  });
  const observations = await Promise.allSettled(observing);
  const earlier = new Map<PlanKey, LayerPlan>();
  for (const [index, layer] of layers.entries()) {
    const observation = observations[index]!;
    if (observation.status === 'rejected') throw observation.reason;
    const seen = observation.value;
    const plan = ofStack(
      layer,
      seen.kind === 'observed'
        ? layer.plan(seen.value, earlier)
        : { ...unknownPlan(layer.name, seen.reason), warnings: layer.warnUnobserved?.(earlier) ?? [] },
    );
    earlier.set(keyOfPlan(plan), plan);
  }
  return [...earlier.values()];
}

/** The plan with the name of the stack that its layer is of. */
function ofStack({ stack }: Layer, plan: LayerPlan): LayerPlan {
  return stack === undefined ? plan : { ...plan, stack };
}

/** What removal would do, top layer first. A layer that can't be observed has nothing to remove. */
export async function planRemovals(
  walk: Pick<Walk, 'layers' | 'signal'>,
  options: RemovalOptions,
): Promise<LayerPlan[]> {
  const plans = await Promise.all(walk.layers.map((layer) => planRemoval(layer, options, walk.signal)));
  return plans.reverse();
}

async function planRemoval(layer: Layer, options: RemovalOptions, signal: AbortSignal): Promise<LayerPlan> {
  const seen = await layer.observe(signal);
  if (seen.kind === 'observed') return ofStack(layer, layer.planRemoval(seen.value, options));
  return ofStack(layer, { layer: layer.name, changes: [], unchanged: 0, warnings: [] });
}

/**
 * Carries plans out, lowest layer first. A plan made before a lower layer changed is made anew, for the world has
 * moved; so is one that was "known after apply".
 *
 * @returns the plans that were carried out, and how long each took.
 */
async function applyLayers(walk: Walk, plans: LayerPlan[]): Promise<AppliedLayer[]> {
  const applied: AppliedLayer[] = [];
  const earlier = new Map<PlanKey, LayerPlan>();
  let moved = false;
  for (const layer of walk.layers) {
    const startedAt = performance.now();
    const known = plans.find(
      (plan) => plan.layer === layer.name && plan.stack === layer.stack && plan.unknown === undefined,
    );
    const plan = known && !moved ? known : await planOne(layer, earlier, walk.signal);
    earlier.set(keyOfPlan(plan), plan);
    if (plan.changes.length === 0) continue;
    await runOrTakeBack(walk, layer, plan);
    moved = true;
    applied.push({ plan, elapsedMs: performance.now() - startedAt });
  }
  return applied;
}

export interface AppliedLayer {
  plan: LayerPlan;
  elapsedMs: number;
}

/** Carries out removals, top layer first; each is planned when its turn comes, so that a run cut short goes on. */
export async function removeLayers(walk: Walk, options: RemovalOptions): Promise<AppliedLayer[]> {
  const applied: AppliedLayer[] = [];
  for (const layer of walk.layers.toReversed()) {
    const startedAt = performance.now();
    const plan = await planRemoval(layer, options, walk.signal);
    if (plan.changes.length === 0) continue;
    await runPlan(walk, layer, plan);
    applied.push({ plan, elapsedMs: performance.now() - startedAt });
  }
  return applied;
}

/**
 * Carries plans out and proves it: plans once more, does what only became possible now (an old secret that no task
 * uses any longer), and throws when something is still to do after that.
 */
export async function applyAndVerify(walk: Walk, plans: LayerPlan[]): Promise<AppliedLayer[]> {
  const applied = await applyLayers(walk, plans);
  const leftovers = await planLayers(walk);
  if (listPending(leftovers).length === 0) return applied;
  applied.push(...(await applyLayers(walk, leftovers)));
  const pending = listPending(await planLayers(walk));
  if (pending.length === 0) return applied;
  throw new UserError('everything was carried out, but the cluster is still not as wanted', {
    details: pending,
    next: 'run the same command again; if this stays, something else changes the cluster: kawanan doctor',
  });
}

function nameLayerOf({ name: layer, stack }: Layer): string {
  return nameLayer({ layer, ...(stack !== undefined && { stack }) });
}

function listPending(plans: LayerPlan[]): string[] {
  return plans.flatMap((plan) => [
    ...(plan.unknown === undefined ? [] : [`${nameLayer(plan)}: ${plan.unknown}`]),
    ...plan.changes.map((change) =>
      [`${nameLayer(plan)}:`, change.object.host, change.title].filter(Boolean).join(' '),
    ),
  ]);
}

async function planOne(layer: Layer, earlier: EarlierPlans, signal: AbortSignal): Promise<LayerPlan> {
  const seen = await layer.observe(signal);
  if (seen.kind === 'observed') return ofStack(layer, layer.plan(seen.value, earlier));
  throw new UserError(`the ${nameLayerOf(layer)} layer still can't be observed: ${seen.reason}`, {
    next: 'kawanan doctor shows what is missing',
  });
}

/** All of a plan or, where the layer knows the way back, nothing of it. An interrupted one stays where it is. */
async function runOrTakeBack(walk: Walk, layer: Layer, plan: LayerPlan): Promise<void> {
  const { interruption } = walk;
  if (!layer.planRestore) return runPlan(walk, layer, plan);
  try {
    if (interruption) interruption.canTakeBack = true;
    await runPlan(walk, layer, plan, !walk.keepFailed);
    // It was done by the time the question was answered.
    if (interruption?.takeBack) throw new InterruptedError('interrupted');
  } catch (error) {
    if (interruption?.takeBack) throw await takeBackAsAsked({ ...walk, signal: interruption.leaving }, layer);
    if (walk.keepFailed || walk.signal.aborted || error instanceof InterruptedError) throw error;
    throw await takeBack(walk, layer, error);
  } finally {
    if (interruption) interruption.canTakeBack = false;
  }
}

/** Takes back what an interrupted plan has changed. @returns the error that tells what was restored. */
async function takeBackAsAsked(walk: Walk, layer: Layer): Promise<unknown> {
  const taken = await takeBack(
    walk,
    layer,
    new InterruptedError('interrupted, and nothing had been changed'),
  );
  if (!(taken instanceof CombinedError) || taken.exitCode !== exitCodes.interrupted) return taken;
  return new InterruptedError(
    `rolled back as asked: the ${nameLayerOf(layer)} is back to what it was before`,
    {
      details: taken.details,
    },
  );
}

/** Takes back what a failed plan has changed. @returns the error that tells what failed and what was restored. */
async function takeBack(walk: Walk, layer: Layer, failure: unknown): Promise<unknown> {
  const failures = failure instanceof CombinedError ? failure.errors : [failure];
  let plan: LayerPlan;
  try {
    plan = ofStack(layer, await layer.planRestore!(walk.signal));
    if (plan.changes.length > 0) await runPlan(walk, layer, plan);
  } catch (error) {
    return new CombinedError(
      'it failed, and so did going back to what was there before',
      [...failures, error],
      {
        next: '`kawanan status` shows what runs now; `kawanan rollback` goes back to a state that worked',
      },
    );
  }
  if (plan.changes.length === 0 && plan.unchanged === 0) return failure;
  return new CombinedError(
    `it failed, and the ${nameLayerOf(layer)} is back to what it was before`,
    failures,
    {
      details: [...plan.changes.map(describeRestoration), ...plan.warnings],
    },
  );
}

function describeRestoration({ kind, object }: LayerPlan['changes'][number]): string {
  return `${kind === 'remove' ? 'removed' : 'restored'} ${object.type} ${object.name}`;
}

async function runPlan(walk: Walk, layer: Layer, plan: LayerPlan, stopAfterFailure = false): Promise<void> {
  if (walk.signal.aborted)
    throw new InterruptedError('interrupted', { next: 'run the same command again to go on' });
  await walk.beforeChanges?.();
  await walk.show(plan, (onEvent) =>
    runChanges(plan.changes, (change, progress) => layer.apply(change, progress), {
      signal: walk.signal,
      stopAfterFailure,
      onEvent,
    }),
  );
}
