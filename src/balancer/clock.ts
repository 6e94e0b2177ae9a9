import { setTimeout as sleep } from 'node:timers/promises';

/** How time passes for what looks again and again; in a test it passes as the test says. */
export interface Clock {
  /** Milliseconds since some moment. */
  now(): number;
  /** Resolves after so long, or as soon as the signal aborts. */
  pause(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The time of this computer. */
export const systemClock: Clock = {
  now: () => performance.now(),
  pause: (ms, signal) => sleep(ms, undefined, signal && { signal }).catch(() => {}),
};
