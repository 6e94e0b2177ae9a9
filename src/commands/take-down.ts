/** What `down` and `monitor down` have in common: plan the removal, show, ask, remove, tell. */
import type { CommandContext } from '../cli.ts';
import { formatDuration } from '../output/format.ts';
import { planToJson, renderPlan } from '../output/render-plan.ts';
import { planRemovals, removeLayers } from '../pipeline/run.ts';
import type { Layer, RemovalOptions } from '../plan/layer.ts';
import { confirm, createWalk, printJson } from './session.ts';
import { type LockTarget, withClusterLock } from './with-lock.ts';

export interface TakeDown {
  /** Lowest first. */
  layers: Layer[];
  removal: RemovalOptions;
  target: LockTarget;
  /** On `performance.now()`'s clock. */
  startedAt: number;
}

/** Removes what the layers have, after asking; says so when there is nothing. */
export async function takeLayersDown(
  { layers, removal, target, startedAt }: TakeDown,
  context: CommandContext,
): Promise<void> {
  const { terminal, signal } = context;
  const { options } = target;
  const plans = await planRemovals({ layers, signal }, removal);
  if (plans.every(({ changes }) => changes.length === 0)) {
    if (options.json) printJson(context, { changed: false });
    else terminal.out('nothing to remove\n');
    return;
  }
  terminal.err(renderPlan(plans, terminal.colors));
  await confirm(`Remove all this from ${target.cluster.name}?`, options, context);
  const applied = await withClusterLock(target, context, async (lock) => {
    await lock.ensure();
    return removeLayers(createWalk(layers, context), removal);
  });
  if (options.json) printJson(context, { changed: true, plans: planToJson(applied.map(({ plan }) => plan)) });
  else terminal.out(`removed in ${formatDuration(performance.now() - startedAt)}\n`);
}
