import { CombinedError, InterruptedError } from '../errors.ts';
import type { Change } from './change.ts';
import type { Progress } from './layer.ts';

/** What happens to a change while a plan is carried out, in the order it happens. */
export type ChangeEvent =
  | { type: 'started'; change: Change }
  | { type: 'progress'; change: Change; message: string }
  | { type: 'done'; change: Change; elapsedMs: number }
  | { type: 'failed'; change: Change; error: unknown; elapsedMs: number }
  /** Never started, because one it waits for failed or the run was interrupted. */
  | { type: 'skipped'; change: Change };

export interface RunOptions {
  signal: AbortSignal;
  /** Start nothing more once one has failed, not even what doesn't wait for it. */
  stopAfterFailure?: boolean;
  onEvent?: (event: ChangeEvent) => void;
  /** Milliseconds on a clock that never goes back; `performance.now` unless a test says otherwise. */
  now?: () => number;
}

/**
 * Carries out changes side by side, each as soon as those it waits for are done (or ready, where that is enough).
 * When one fails, what runs is let finish and what waits for it is skipped; the rest goes on.
 *
 * @throws the error itself when one change failed, `CombinedError` when several did,
 *   `InterruptedError` when the signal ended the run, `Error` when `after` names an unknown change or a circle.
 */
export async function runChanges<Action>(
  changes: Change<Action>[],
  apply: (change: Change<Action>, progress: Progress) => Promise<void>,
  options: RunOptions,
): Promise<void> {
  checkOrder(changes);
  const { signal, onEvent = () => {}, now = () => performance.now() } = options;
  const outcomes = new Map<string, Promise<boolean>>();
  const readiness = new Map<string, Promise<boolean>>();
  const failures: unknown[] = [];
  const begun = new Set<Change>();
  const finished = new Set<Change>();

  const runOne = async (change: Change<Action>, ready: () => void): Promise<boolean> => {
    const before = await Promise.all([
      ...change.after.map((id) => outcomes.get(id)),
      ...(change.afterReady ?? []).map((id) => readiness.get(id)),
    ]);
    const stopped = options.stopAfterFailure === true && failures.length > 0;
    if (signal.aborted || stopped || before.includes(false)) {
      onEvent({ type: 'skipped', change });
      return false;
    }
    const startedAt = now();
    onEvent({ type: 'started', change });
    begun.add(change);
    try {
      const report = (message: string): void => onEvent({ type: 'progress', change, message });
      await apply(change, { signal, report, ready });
      finished.add(change);
      onEvent({ type: 'done', change, elapsedMs: now() - startedAt });
      return true;
    } catch (error) {
      failures.push(error);
      onEvent({ type: 'failed', change, error, elapsedMs: now() - startedAt });
      return false;
    }
  };

  for (const change of orderChanges(changes)) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    readiness.set(change.id, promise);
    const outcome = runOne(change, () => resolve(true));
    outcomes.set(change.id, outcome);
    void outcome.then(resolve);
  }
  await Promise.all(outcomes.values());

  if (signal.aborted)
    throw new InterruptedError('interrupted', {
      details: describeStandstill(changes, begun, finished),
      next: 'run the same command again: it goes on where it stopped',
    });
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new CombinedError(`${failures.length} changes failed`, failures);
}

/** What an interrupted run leaves: how much is done, and by name what was begun and what wasn't. */
function describeStandstill(changes: Change[], begun: Set<Change>, finished: Set<Change>): string[] {
  const name = ({ object, title }: Change): string => [object.host, title].filter(Boolean).join(' ');
  const halfDone = changes.filter((change) => begun.has(change) && !finished.has(change)).map(name);
  const left = changes.filter((change) => !begun.has(change)).map(name);
  return [
    `${changes[0]?.layer}: ${finished.size} of ${changes.length} changes done`,
    ...(halfDone.length > 0 ? [`begun, its end not awaited: ${halfDone.join(', ')}`] : []),
    ...(left.length > 0 ? [`not begun: ${left.join(', ')}`] : []),
  ];
}

/** The changes with each behind all those it waits for; otherwise in the order given. */
export function orderChanges<Action>(changes: Change<Action>[]): Change<Action>[] {
  const byId = new Map(changes.map((change) => [change.id, change]));
  const ordered = new Set<Change<Action>>();
  const visit = (change: Change<Action>): void => {
    if (ordered.has(change)) return;
    for (const id of listAwaited(change)) visit(byId.get(id)!);
    ordered.add(change);
  };
  for (const change of changes) visit(change);
  return [...ordered];
}

/** Ids of all changes that this one waits for. */
export function listAwaited({ after, afterReady = [] }: Pick<Change, 'after' | 'afterReady'>): string[] {
  return [...after, ...afterReady];
}

function checkOrder(changes: Change[]): void {
  const byId = new Map(changes.map((change) => [change.id, change]));
  if (byId.size !== changes.length) throw new Error('two changes share an id');
  const state = new Map<string, 'open' | 'closed'>();
  const visit = (id: string, from: string): void => {
    const change = byId.get(id);
    if (!change) throw new Error(`change ${from} waits for ${id}, which is not in the plan`);
    if (state.get(id) === 'closed') return;
    if (state.get(id) === 'open') throw new Error(`change ${id} waits for itself through ${from}`);
    state.set(id, 'open');
    for (const next of listAwaited(change)) visit(next, id);
    state.set(id, 'closed');
  };
  for (const change of changes) visit(change.id, change.id);
}
