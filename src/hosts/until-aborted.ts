import { InterruptedError } from '../errors.ts';

/**
 * The work's own outcome, or an `InterruptedError` as soon as the signal aborts. The work itself goes on: what runs
 * on a host finishes there, and the next run finds it done or waits for it.
 */
export async function untilAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(new InterruptedError('interrupted'));
  signal.addEventListener('abort', stop, { once: true });
  work.catch(() => {});
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
