/** Whether a machine is steady enough for `failover: fast`. No I/O here. */

/** How late a process of keepalived's priority was woken on a machine. */
export interface Jitter {
  /** The latest of all wakings, in milliseconds. */
  largestMs: number;
  /** How long was measured, in seconds. */
  seconds: number;
  /** Whether it was given real-time priority, as keepalived asks for it. */
  realTime: boolean;
}

/**
 * A third of what `fast` waits before a holder counts as lost (three advertisements of 30 ms): a sender that is late by
 * this much and a listener that is, too, still aren't a loss.
 */
export const jitterLimitMs = 30;

/** Why `fast` would see losses that aren't there; `undefined` when it wouldn't. */
export function judgeJitter(jitter: Jitter): string | undefined {
  if (jitter.largestMs >= jitterLimitMs)
    return `a process of keepalived's priority was woken ${describeDelay(jitter)} late (limit: ${jitterLimitMs} ms)`;
  // what was measured in a quiet moment says nothing of a busy one then
  if (!jitter.realTime)
    return 'keepalived gets no real-time priority, so any busy moment would count as a loss';
  return undefined;
}

/** `at most 1.3 ms in 3 s`. */
export function describeJitter(jitter: Jitter): string {
  return `at most ${describeDelay(jitter)} in ${jitter.seconds} s`;
}

function describeDelay({ largestMs }: Jitter): string {
  return `${largestMs < 10 ? largestMs.toFixed(1) : Math.round(largestMs)} ms`;
}
