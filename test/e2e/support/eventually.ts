import { setTimeout as sleep } from 'node:timers/promises';

/** Tries until it no longer throws, and gives its result; throws the last failure when the time is up. */
export async function eventually<T>(timeoutMs: number, attempt: () => Promise<T>, pauseMs = 250): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(pauseMs);
    }
  }
}
