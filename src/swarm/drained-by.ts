/** The mark of a node that a person drained: no plan takes it back. No I/O here. */
import type { MemberState } from './swarm-state.ts';

/** Holds who drained the node, and since when: `anna@laptop 2026-11-21T05:00:00Z`. */
export const drainedByLabel = 'kawanan.drained-by';

/** Begins the mark of a node that is drained only until it is back. */
export const restartMark = 'restart:';

/** Who drained a node by hand; `undefined` for one that is active, or drained by other means than ours. */
export function readDrainedBy({
  availability,
  labels,
}: Pick<MemberState, 'availability' | 'labels'>): string | undefined {
  return availability === 'drain' ? labels[drainedByLabel] : undefined;
}

/** The mark in words: `by anna@laptop since 2026-11-21T05:00:00Z`. */
export function describeDrainedBy(mark: string): string {
  const restart = mark.startsWith(restartMark);
  const [who, since] = (restart ? mark.slice(restartMark.length) : mark).split(' ');
  return [...(restart ? ['for a restart'] : []), `by ${who}`, ...(since ? [`since ${since}`] : [])].join(' ');
}
