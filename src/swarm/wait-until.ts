import { InterruptedError, UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import { describeEngineError } from './describe-engine-error.ts';

export interface Wait {
  /** What is waited for, as the end of "… in time": `the node is ready`. */
  what: string;
  host?: string;
  progress: Progress;
  /** 90,000 unless told. */
  timeoutMs?: number;
}

const pauseMs = 150;

/**
 * Asks again and again until the answer is `undefined`; any other is the reason why not yet, and is reported.
 * An engine that refuses or doesn't answer is asked again: roles change while we watch.
 *
 * @throws `UserError` with the last reason when the time is up, `InterruptedError` when the signal aborts.
 */
export async function waitUntil(ask: () => Promise<string | undefined>, wait: Wait): Promise<void> {
  const { what, host, progress, timeoutMs = 90_000 } = wait;
  const deadline = performance.now() + timeoutMs;
  let reported: string | undefined;
  for (;;) {
    if (progress.signal.aborted) throw new InterruptedError('interrupted');
    const reason = await ask().catch((error: unknown) => describeEngineError(error));
    if (reason === undefined) return;
    if (reason !== reported) progress.report(reason);
    reported = reason;
    if (performance.now() > deadline) {
      throw new UserError(`waited ${timeoutMs / 1000} s in vain until ${what}`, {
        ...(host === undefined ? {} : { place: { host } }),
        details: [reason],
        next: 'see journalctl -u docker on the host, then run the same command again',
      });
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
