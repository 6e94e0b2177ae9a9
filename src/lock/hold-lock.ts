/** Takes the lock of a cluster, keeps it while a run is at work, and gives it back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { InterruptedError, UserError } from '../errors.ts';
import { describeHolder, type FoundLock, judgeLock, type LockHolder } from './lock-record.ts';
import type { LockStore } from './lock-store.ts';

export interface HoldOptions {
  /** The swarm's lock; `undefined` as long as there is no swarm, and then nothing to lock. */
  connect: () => Promise<LockStore | undefined>;
  holder: LockHolder;
  here: { computerId: string; isRunning: (pid: number, processId: string) => boolean };
  /** How long to wait for another run. */
  waitMs: number;
  /** Tells what is waited for, and what was taken over. */
  tell: (message: string) => void;
  signal: AbortSignal;
  pollMs?: number;
  signEveryMs?: number;
}

export interface ClusterLock {
  /**
   * Takes the lock unless it is held already or there is no swarm yet.
   *
   * @returns whether another run was waited for: what was planned before may not hold any more.
   * @throws UserError when it is held by hand, by a run that seems dead elsewhere, or for longer than we wait; and
   *   when it was taken away from us.
   */
  ensure(): Promise<boolean>;
  /** Gives it back; what goes wrong then is no failure of the run, the next one finds our process gone. */
  release(): Promise<void>;
}

const tellEveryMs = 30_000;
const releaseTimeoutMs = 5_000;

export function createClusterLock(options: HoldOptions): ClusterLock {
  const { holder, signEveryMs = 20_000 } = options;
  let held: { store: LockStore; timer: NodeJS.Timeout } | undefined;
  let lost = false;
  let sign = 0;

  const giveSign = async (store: LockStore): Promise<void> => {
    try {
      const lock = await store.read();
      if (lock?.holder.run !== holder.run) lost = true;
      else await store.replace(lock, holder, ++sign);
    } catch {
      // A manager that is away for a moment: the next sign may come through.
    }
  };

  return {
    ensure: async () => {
      if (lost)
        throw new UserError('the lock of the cluster was taken away from this run', {
          next: 'find out who said `kawanan unlock`, then run the same command again: it goes on where this one stopped',
        });
      if (held) return false;
      const store = await options.connect();
      if (!store) return false;
      const waited = await takeLock(store, options);
      const timer = setInterval(() => void giveSign(store), signEveryMs).unref();
      held = { store, timer };
      return waited;
    },
    release: async () => {
      if (!held) return;
      const { store, timer } = held;
      held = undefined;
      clearInterval(timer);
      const giveBack = async (): Promise<void> => {
        const lock = await store.read();
        if (lock?.holder.run === holder.run) await store.remove(lock.id);
      };
      // The swarm may be gone together with its lock, and its manager may be one that doesn't answer.
      await Promise.race([giveBack().catch(() => {}), sleep(releaseTimeoutMs, undefined, { ref: false })]);
    },
  };
}

async function takeLock(store: LockStore, options: HoldOptions): Promise<boolean> {
  const { holder, here, waitMs, tell, signal, pollMs = 1000 } = options;
  const startedAt = performance.now();
  let toldAt: number | undefined;
  for (;;) {
    if (await store.create(holder)) return toldAt !== undefined;
    const lock = await store.read();
    if (!lock) continue;
    const verdict = judgeLock(lock, here);
    if (verdict === 'abandoned') {
      if (!(await store.replace(lock, holder, 0))) continue;
      tell(`took over the lock of ${describeHolder(lock.holder)}, which is gone`);
      return toldAt !== undefined;
    }
    const waitedMs = performance.now() - startedAt;
    if (verdict !== 'busy' || waitedMs >= waitMs) throw lockedError(lock, verdict, waitedMs);
    if (toldAt === undefined || waitedMs - toldAt >= tellEveryMs) {
      const limit = `for ${Math.round(waitedMs / 1000)} s, at most ${Math.round(waitMs / 1000)} s`;
      tell(`waiting ${limit}: the cluster is locked by ${describeHolder(lock.holder)}`);
      toldAt = waitedMs;
    }
    await sleep(pollMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) throw new InterruptedError('interrupted while waiting for the lock of the cluster');
  }
}

/** Why we don't go on, and what frees the lock. */
function lockedError(lock: FoundLock, verdict: ReturnType<typeof judgeLock>, waitedMs: number): UserError {
  const { holder } = lock;
  const who = describeHolder(holder);
  if (verdict === 'manual')
    return new UserError(`the cluster is locked by ${who}`, {
      next: `ask ${holder.user}; \`kawanan unlock\` gives it back`,
    });
  if (verdict === 'silent')
    return new UserError(`the cluster is locked by ${who}, which seems dead`, {
      details: [`no sign of life for ${Math.round(lock.silentMs / 1000)} s`],
      next: `make sure that it doesn't run on ${holder.computer} any more, then: kawanan unlock`,
    });
  return new UserError(`the cluster is still locked by ${who}`, {
    details: [`waited for ${Math.round(waitedMs / 1000)} s`],
    next: 'run the same command again when it is done, or wait longer with --lock-wait SECONDS',
  });
}
