import type { ProbeSettings } from './options.ts';

/** When each request is due and what it is: fixed before the first is sent, so a slow server can't thin it out. */
export interface Schedule {
  /** How many requests, those of the warm-up included. */
  count: number;
  /** Milliseconds since the first counted request is due. */
  intendedMs(index: number): number;
  /** Place in the list of targets. */
  target(index: number): number;
}

/** The schedule of a run: evenly spaced, targets in turn by weight. Pure. */
export function planSchedule(
  settings: Pick<ProbeSettings, 'ratePerSecond' | 'durationMs' | 'warmUpMs' | 'targets'>,
): Schedule {
  const { ratePerSecond, durationMs, warmUpMs, targets } = settings;
  const warmUpCount = Math.round((warmUpMs * ratePerSecond) / 1000);
  const turns = takeTurns(targets.map((target) => target.weight ?? 1));
  return {
    count: warmUpCount + Math.max(1, Math.round((durationMs * ratePerSecond) / 1000)),
    intendedMs: (index) => ((index - warmUpCount) * 1000) / ratePerSecond,
    target: (index) => turns[index % turns.length]!,
  };
}

/** One round of places, each as often as its weight says and as evenly spread as can be. */
export function takeTurns(weights: number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const credits = weights.map(() => 0);
  return Array.from({ length: total }, () => {
    for (const [place, weight] of weights.entries()) credits[place]! += weight;
    const next = credits.indexOf(Math.max(...credits));
    credits[next]! -= total;
    return next;
  });
}
