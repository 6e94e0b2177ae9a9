import { describe, expect, test } from 'vitest';
import { InterruptedError, UserError } from '../../src/errors.ts';
import { createClusterLock, type HoldOptions } from '../../src/lock/hold-lock.ts';
import {
  describeHolder,
  type FoundLock,
  judgeLock,
  type LockHolder,
  readLockHolder,
  writeLockLabels,
} from '../../src/lock/lock-record.ts';
import type { LockStore } from '../../src/lock/lock-store.ts';
import { describeThisProcess, isProcessRunning, readComputerId } from '../../src/lock/this-process.ts';

const me: LockHolder = {
  kind: 'automatic',
  run: 'run-1',
  user: 'anna',
  computer: 'laptop',
  computerId: 'c1',
  pid: 11,
  processId: 'boot/1',
  since: '2026-11-21T03:00:00Z',
  why: 'up',
};
const other: LockHolder = { ...me, run: 'run-2', user: 'ben', computer: 'desk', computerId: 'c2', pid: 22 };

/** A swarm with one lock, as the real one keeps it: one name, a version that every write moves. */
function fakeStore(initial?: LockHolder, silentMs = 0) {
  let lock: FoundLock | undefined = initial && { id: 'L', version: 1, holder: initial, silentMs };
  let reads = 0;
  const onRead: { at?: number; run?: () => void } = {};
  const store: LockStore = {
    read: async () => {
      reads += 1;
      if (reads === onRead.at) onRead.run?.();
      return lock && { ...lock };
    },
    create: async (holder) => {
      if (lock) return false;
      lock = { id: 'L', version: 1, holder, silentMs: 0 };
      return true;
    },
    replace: async ({ version }, holder) => {
      if (lock?.version !== version) return false;
      lock = { ...lock, version: version + 1, holder };
      return true;
    },
    remove: async () => {
      lock = undefined;
    },
  };
  return {
    store,
    holder: () => lock?.holder.run,
    free: () => {
      lock = undefined;
    },
    onRead,
  };
}

function lockOn(world: { store: LockStore } | undefined, more: Partial<HoldOptions> = {}) {
  const told: string[] = [];
  const lock = createClusterLock({
    connect: async () => world?.store,
    holder: me,
    here: { computerId: 'c1', isRunning: () => false },
    waitMs: 1000,
    tell: (message) => void told.push(message),
    signal: new AbortController().signal,
    pollMs: 0,
    ...more,
  });
  return { lock, told };
}

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error as UserError,
  );

describe('the lock of a cluster', () => {
  test('is taken once and given back', async () => {
    const world = fakeStore();
    const { lock } = lockOn(world);
    expect(await lock.ensure()).toBe(false);
    expect(await lock.ensure()).toBe(false);
    expect(world.holder()).toBe('run-1');
    await lock.release();
    expect(world.holder()).toBeUndefined();
  });

  test('is not needed where there is no swarm, and taken as soon as there is one', async () => {
    const world = fakeStore();
    let swarm = false;
    const { lock } = lockOn(world, { connect: async () => (swarm ? world.store : undefined) });
    await lock.ensure();
    expect(world.holder()).toBeUndefined();
    swarm = true;
    await lock.ensure();
    expect(world.holder()).toBe('run-1');
    await lock.release();
  });

  test('is waited for while another run holds it, and that is told', async () => {
    const world = fakeStore(other);
    world.onRead.at = 3;
    world.onRead.run = world.free;
    const { lock, told } = lockOn(world);
    expect(await lock.ensure()).toBe(true);
    expect(told).toEqual([
      'waiting for 0 s, at most 1 s: the cluster is locked by kawanan up of ben on desk (process 22, since 2026-11-21T03:00:00Z)',
    ]);
    await lock.release();
  });

  test('is not broken when waiting took too long', async () => {
    const world = fakeStore(other);
    const error = await failureOf(lockOn(world, { waitMs: 0 }).lock.ensure());
    expect(error?.message).toBe(
      'the cluster is still locked by kawanan up of ben on desk (process 22, since 2026-11-21T03:00:00Z)',
    );
    expect(world.holder()).toBe('run-2');
  });

  test('is taken over from a process of this computer that is gone, with a note', async () => {
    const world = fakeStore({ ...me, run: 'killed', pid: 9 });
    const { lock, told } = lockOn(world);
    expect(await lock.ensure()).toBe(false);
    expect(world.holder()).toBe('run-1');
    expect(told).toEqual([
      'took over the lock of kawanan up of anna on laptop (process 9, since 2026-11-21T03:00:00Z), which is gone',
    ]);
    await lock.release();
    expect(world.holder()).toBeUndefined();
  });

  test('is left to the one who took an abandoned one over first', async () => {
    const world = fakeStore({ ...me, run: 'killed' });
    const first = world.store.replace;
    world.store.replace = async (...given) => {
      await first(given[0], other, 0);
      return first(...given);
    };
    const { lock } = lockOn(world, { waitMs: 0 });
    expect((await failureOf(lock.ensure()))?.message).toMatch(/still locked by kawanan up of ben/);
    expect(world.holder()).toBe('run-2');
  });

  test('of a run elsewhere that is silent is not broken; how to free it is said', async () => {
    const world = fakeStore(other, 300_000);
    const error = await failureOf(lockOn(world).lock.ensure());
    expect(error?.message).toMatch(/which seems dead$/);
    expect(error?.details).toEqual(['no sign of life for 300 s']);
    expect(error?.next).toBe("make sure that it doesn't run on desk any more, then: kawanan unlock");
    expect(world.holder()).toBe('run-2');
  });

  test('held by hand is not waited for', async () => {
    const world = fakeStore({ ...other, kind: 'manual', why: 'moving the racks' });
    const error = await failureOf(lockOn(world).lock.ensure());
    expect(error?.message).toBe(
      'the cluster is locked by ben on desk since 2026-11-21T03:00:00Z (moving the racks)',
    );
    expect(error?.next).toBe('ask ben; `kawanan unlock` gives it back');
  });

  test('that was taken away stops the run at its next step and is not given back', async () => {
    const world = fakeStore();
    const { lock } = lockOn(world, { signEveryMs: 1 });
    await lock.ensure();
    world.free();
    await world.store.create(other);
    await expect.poll(() => failureOf(lock.ensure())).toBeInstanceOf(UserError);
    await lock.release();
    expect(world.holder()).toBe('run-2');
  });

  test('ends the wait when the user interrupts', async () => {
    const { lock } = lockOn(fakeStore(other), { signal: AbortSignal.abort() });
    expect(await failureOf(lock.ensure())).toBeInstanceOf(InterruptedError);
  });
});

describe('what a lock says', () => {
  test('comes back from its labels', () => {
    expect(readLockHolder(writeLockLabels(me, 3))).toEqual(me);
  });

  test('is held by hand by someone, where a stranger made it', () => {
    expect(describeHolder(readLockHolder({}))).toBe('someone on an unknown computer');
  });

  test.each([
    ['our own computer, process there', { holder: me, silentMs: 900_000 }, true, 'busy'],
    ['our own computer, process gone', { holder: me, silentMs: 0 }, false, 'abandoned'],
    ['another computer, alive', { holder: other, silentMs: 30_000 }, false, 'busy'],
    ['another computer, silent', { holder: other, silentMs: 130_000 }, false, 'silent'],
    ['by hand, silent', { holder: { ...me, kind: 'manual' as const }, silentMs: 900_000 }, false, 'manual'],
  ])('%s', (_, lock, running, verdict) => {
    const here = { computerId: 'c1', isRunning: () => running };
    expect(judgeLock({ id: 'L', version: 1, ...lock }, here)).toBe(verdict);
  });
});

describe('this process', () => {
  test('runs, and is not mistaken for another of the same number', () => {
    const { pid, processId, computerId } = describeThisProcess('automatic', 'up');
    expect(computerId).toBe(readComputerId());
    expect(isProcessRunning(pid, processId)).toBe(true);
    expect(isProcessRunning(pid, `${processId}0`)).toBe(false);
    expect(isProcessRunning(2 ** 22 + 1, '')).toBe(false);
  });
});
