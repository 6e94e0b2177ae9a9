/** Keeps the applied state of a stack in the swarm. */

import { inBody } from '../remote/engine-call.ts';
import type { StackAction } from './action.ts';
import { type ApplyContext, refusal } from './apply-context.ts';
import { isNotFound } from './engine-errors.ts';
import { describeRevision, writeRevision } from './revision.ts';

/** Writes a revision, its first part last: one that a kill cut short is none. Then removes those beyond what is kept. */
export async function recordRevision(
  { engine, definition, origin }: ApplyContext,
  action: Extract<StackAction, { do: 'record-revision' }>,
): Promise<void> {
  await removeRevisions({ engine }, action.fragments);
  const specs = writeRevision(describeRevision(definition, action.pinned), {
    number: action.number,
    ...origin,
  });
  for (const spec of specs.reverse()) {
    try {
      await engine.createConfig(inBody(spec));
    } catch (error) {
      throw refusal(
        `keep revision ${action.number} of the stack`,
        error,
        'run the same command again: all else is done',
      );
    }
  }
  await removeRevisions({ engine }, action.expired);
}

/** Removes the configs of revisions; no error where one is gone already. */
export async function removeRevisions(
  { engine }: Pick<ApplyContext, 'engine'>,
  ids: string[],
): Promise<void> {
  await Promise.all(
    ids.map(async (id) => {
      try {
        await engine.getConfig(id).remove();
      } catch (error) {
        if (!isNotFound(error)) throw refusal('remove an old revision', error, 'run the same command again');
      }
    }),
  );
}
