import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withLock } from '../../src/lab/lock.ts';

const progress = { report: () => {}, signal: new AbortController().signal };

async function withDir(work: (dir: string) => Promise<void>): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), 'kawanan-lock-'));
  await work(join(parent, 'lab')).finally(() => rm(parent, { recursive: true }));
}

/** Holds a lock until told; says in `events` when it begins and ends. */
function hold(dir: string, name: string, events: string[], shared = false) {
  const held = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const done = withLock(dir, { shared, progress }, async () => {
    events.push(`${name} begins`);
    held.resolve();
    await release.promise;
    events.push(`${name} ends`);
  });
  return { held: held.promise, end: () => release.resolve(), done };
}

test('one works after the other', () =>
  withDir(async (dir) => {
    const events: string[] = [];
    const first = hold(dir, 'first', events);
    await first.held;
    const second = hold(dir, 'second', events);
    second.end();
    first.end();
    await Promise.all([first.done, second.done]);
    expect(events).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
  }));

test('those who share work together', () =>
  withDir(async (dir) => {
    const events: string[] = [];
    const first = hold(dir, 'first', events, true);
    const second = hold(dir, 'second', events, true);
    await Promise.all([first.held, second.held]);
    first.end();
    second.end();
    await Promise.all([first.done, second.done]);
    expect(events).toHaveLength(4);
  }));

test('who waited for a folder that was removed locks the new one', () =>
  withDir(async (dir) => {
    const events: string[] = [];
    const first = hold(dir, 'first', events);
    await first.held;
    const second = hold(dir, 'second', events);
    await rm(dir, { recursive: true });
    first.end();
    await second.held;
    const third = hold(dir, 'third', events);
    third.end();
    second.end();
    await Promise.all([first.done, second.done, third.done]);
    expect(events.slice(2)).toEqual(['second begins', 'second ends', 'third begins', 'third ends']);
  }));

test('the lock ends with work that fails', () =>
  withDir(async (dir) => {
    const failing = withLock(dir, { progress }, () => Promise.reject(new Error('broken')));
    await expect(failing).rejects.toThrow('broken');
    await expect(withLock(dir, { progress }, async () => 'free')).resolves.toBe('free');
  }));

test('an interrupt ends the waiting', () =>
  withDir(async (dir) => {
    const first = hold(dir, 'first', []);
    await first.held;
    const interrupt = new AbortController();
    const second = withLock(dir, { progress: { ...progress, signal: interrupt.signal } }, async () => {});
    interrupt.abort();
    await expect(second).rejects.toMatchObject({ name: 'InterruptedError' });
    first.end();
    await first.done;
  }));
