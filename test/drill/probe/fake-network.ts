import type { Answer, Clock, Transport } from '../../../src/drill/probe/run-open-loop.ts';

/** Time that passes only when nothing more happens at the present moment. */
export interface FakeClock extends Clock {
  /** Calls back at that time. */
  at(timeMs: number, act: () => void): void;
  /** Lets everything happen that is planned. */
  run(): Promise<void>;
}

export function createFakeClock(): FakeClock {
  let nowMs = 0;
  let planned: { atMs: number; act: () => void }[] = [];
  let wakeUp: { atMs: number; act: () => void } | undefined;
  const plan = (atMs: number, act: () => void): { atMs: number; act: () => void } => {
    const entry = { atMs: Math.max(atMs, nowMs), act };
    planned.push(entry);
    planned.sort((a, b) => a.atMs - b.atMs);
    return entry;
  };
  return {
    now: () => nowMs,
    at: plan,
    wakeAt: (atMs, wake) => {
      planned = planned.filter((entry) => entry !== wakeUp);
      wakeUp = plan(atMs, wake);
    },
    run: async () => {
      for (;;) {
        // Whoever awaits what just happened goes on first.
        await new Promise((resolve) => setImmediate(resolve));
        const next = planned.shift();
        if (next === undefined) return;
        nowMs = next.atMs;
        next.act();
      }
    },
  };
}

export const success: Answer = { failure: null, status: 200, server: null, bytes: 4 };

/** A server that answers everything after `serviceMs`, but freezes as a whole for `stallMs` at each `every`th request. */
export function createStallingServer(
  clock: FakeClock,
  { serviceMs, every, stallMs }: { serviceMs: number; every: number; stallMs: number },
): Transport {
  let received = 0;
  let frozenUntilMs = 0;
  return {
    send: (_target, done) => {
      received++;
      if (received % every === every / 2) frozenUntilMs = clock.now() + stallMs;
      clock.at(Math.max(clock.now(), frozenUntilMs) + serviceMs, () => done(success));
      return () => {};
    },
  };
}
