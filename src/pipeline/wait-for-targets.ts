/** Waits until Prometheus has asked everything that it is to ask. */
import { UserError } from '../errors.ts';
import type { TargetState } from '../monitoring/answers.ts';

export interface TargetPatience {
  /** How often it is looked at most. */
  looks: number;
  /** Between two looks. */
  pause(): Promise<unknown>;
}

/**
 * Looks until every target is up; the targets as they were last, whether they are or not.
 *
 * @param read the targets. @throws UserError what `read` said last, where Prometheus answers never.
 */
export async function waitForTargets(
  read: () => Promise<TargetState[]>,
  { looks, pause }: TargetPatience,
): Promise<TargetState[]> {
  for (let look = 1; ; look++) {
    try {
      const targets = await read();
      if (look >= looks || isComplete(targets)) return targets;
    } catch (error) {
      // It has just been started.
      if (look >= looks || !(error instanceof UserError)) throw error;
    }
    await pause();
  }
}

/** Tasks are found a moment later than what stands in files; there are always some, of the monitoring itself. */
function isComplete(targets: TargetState[]): boolean {
  return targets.some(({ job }) => job === 'task') && targets.every(({ state }) => state === 'up');
}
