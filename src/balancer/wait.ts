import { setTimeout as sleep } from 'node:timers/promises';
import { InterruptedError } from '../errors.ts';

/**
 * Asks again and again until the answer is yes; `false` when the time is up first.
 *
 * @throws InterruptedError when the signal aborts.
 */
export async function waitUntil(
  isTrue: () => Promise<boolean>,
  { timeoutMs, intervalMs, signal }: { timeoutMs: number; intervalMs: number; signal: AbortSignal },
): Promise<boolean> {
  const endsAt = performance.now() + timeoutMs;
  while (!(await isTrue())) {
    if (signal.aborted)
      throw new InterruptedError('interrupted', {
        next: 'run the same command again: it goes on where it stopped',
      });
    if (performance.now() >= endsAt) return false;
    await sleep(intervalMs);
  }
  return true;
}
