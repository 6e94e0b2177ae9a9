import { Worker } from 'node:worker_threads';
import { monotonicMs } from './monotonic.ts';
import type { Clock } from './run-open-loop.ts';

/** A clock that wakes to a tenth of a millisecond. */
export interface PacedClock extends Clock {
  /** Ends the thread behind it. */
  close(): Promise<number>;
}

/**
 * A clock whose 0 is `originMs` of the monotonic clock. Node's timers fire up to a millisecond late, as much as the
 * whole error we allow; so a thread of its own sleeps on shared memory, which the kernel wakes in time without anybody
 * spinning, and sends a message.
 */
export function createPacedClock(originMs: number): PacedClock {
  const shared = new SharedArrayBuffer(16);
  const turn = new Int32Array(shared, 0, 1);
  const dueMs = new Float64Array(shared, 8, 1);
  const pacer = new Worker(new URL('./pacer.ts', import.meta.url), { workerData: { shared, originMs } });
  let wake = (): void => {};
  pacer.on('message', (due: number) => {
    // A message may be about a time that has been replaced meanwhile.
    if (due === turn[0]) wake();
  });
  return {
    now: () => monotonicMs() - originMs,
    wakeAt: (atMs, callback) => {
      wake = callback;
      dueMs[0] = atMs;
      Atomics.add(turn, 0, 1);
      Atomics.notify(turn, 0);
    },
    close: () => pacer.terminate(),
  };
}
