import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CombinedError, InterruptedError } from '../../src/errors.ts';
import type { Change } from '../../src/plan/change.ts';
import { type ChangeEvent, orderChanges, runChanges } from '../../src/plan/run-changes.ts';

function change(id: string, after: string[] = []): Change<string> {
  return {
    id,
    after,
    layer: 'hosts',
    kind: 'create',
    object: { type: 't', name: id },
    title: id,
    fields: [],
    action: id,
  };
}

const never = new AbortController().signal;

describe('runChanges', () => {
  test('starts a change only when all it waits for are done', async () => {
    const log: string[] = [];
    await runChanges(
      [change('c', ['a', 'b']), change('a'), change('b', ['a'])],
      async ({ action }) => {
        log.push(`start ${action}`);
        await Promise.resolve();
        log.push(`end ${action}`);
      },
      { signal: never },
    );
    expect(log).toEqual(['start a', 'end a', 'start b', 'end b', 'start c', 'end c']);
  });

  test('runs independent changes side by side', async () => {
    const both = Promise.withResolvers<void>();
    let running = 0;
    await runChanges(
      [change('a'), change('b')],
      async () => {
        running += 1;
        if (running === 2) both.resolve();
        await both.promise;
      },
      { signal: never },
    );
    expect(running).toBe(2);
  });

  test('starts nothing more after a failure, where that is asked for', async () => {
    const log: string[] = [];
    const run = runChanges(
      [change('a'), change('b'), change('c', ['b'])],
      async ({ action }) => {
        log.push(action);
        if (action === 'a') throw new Error('broken');
        await new Promise((resolve) => setImmediate(resolve));
      },
      { signal: never, stopAfterFailure: true },
    );
    await expect(run).rejects.toThrow('broken');
    expect(log).toEqual(['a', 'b']);
  });

  test('starts what waits until another is ready as soon as that says so, or is done', async () => {
    const log: string[] = [];
    const watched = Promise.withResolvers<void>();
    await runChanges(
      [
        { ...change('b', ['done']), afterReady: ['a'] },
        change('a'),
        change('done'),
        { ...change('c'), afterReady: ['done'] },
      ],
      async ({ action }, { ready }) => {
        log.push(`start ${action}`);
        if (action === 'a') {
          ready?.();
          await watched.promise;
        }
        if (action === 'b') watched.resolve();
        log.push(`end ${action}`);
      },
      { signal: never },
    );
    expect(log.indexOf('start b')).toBeLessThan(log.indexOf('end a'));
    expect(log.indexOf('start c')).toBeGreaterThan(log.indexOf('end done'));
  });

  test('fails when one that was ready fails after all, and skips what waits for one that never was', async () => {
    const events: string[] = [];
    const run = runChanges(
      [
        change('a'),
        { ...change('b'), afterReady: ['a'] },
        change('x'),
        { ...change('y'), afterReady: ['x'] },
      ],
      async ({ action }, { ready }) => {
        if (action === 'a') ready?.();
        await new Promise((resolve) => setImmediate(resolve));
        if (action === 'a' || action === 'x') throw new Error(`broken ${action}`);
      },
      { signal: never, onEvent: (event: ChangeEvent) => events.push(`${event.change.id} ${event.type}`) },
    );
    await expect(run).rejects.toBeInstanceOf(CombinedError);
    expect(events.filter((event) => !event.endsWith('started')).sort()).toEqual([
      'a failed',
      'b done',
      'x failed',
      'y skipped',
    ]);
  });

  test('refuses a circle of which a part only waits until it is ready', async () => {
    const circle = [change('a', ['b']), { ...change('b'), afterReady: ['a'] }];
    await expect(runChanges(circle, async () => {}, { signal: never })).rejects.toThrow(/waits for itself/);
  });

  test('skips what waits for a failed change, finishes the rest, and throws the failure itself', async () => {
    const events: string[] = [];
    const broken = new Error('broken');
    const run = runChanges(
      [change('a'), change('b', ['a']), change('c', ['b']), change('d')],
      async ({ action }) => {
        if (action === 'a') throw broken;
      },
      { signal: never, onEvent: (event: ChangeEvent) => events.push(`${event.change.id} ${event.type}`) },
    );
    await expect(run).rejects.toBe(broken);
    expect(events.filter((event) => !event.endsWith('started')).sort()).toEqual([
      'a failed',
      'b skipped',
      'c skipped',
      'd done',
    ]);
  });

  test('reports all failures when there are several', async () => {
    const run = runChanges([change('a'), change('b')], async ({ id }) => Promise.reject(new Error(id)), {
      signal: never,
    });
    const error = await run.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CombinedError);
    expect((error as CombinedError).errors.map((one) => (one as Error).message)).toEqual(['a', 'b']);
  });

  test('starts nothing more once interrupted', async () => {
    const interrupt = new AbortController();
    const started: string[] = [];
    const run = runChanges(
      [change('a'), change('b', ['a'])],
      async ({ id }) => {
        started.push(id);
        interrupt.abort();
      },
      { signal: interrupt.signal },
    );
    await expect(run).rejects.toBeInstanceOf(InterruptedError);
    expect(started).toEqual(['a']);
  });

  test('tells what was done, what was only begun and what was not when it was interrupted', async () => {
    const interrupt = new AbortController();
    const run = runChanges(
      [change('a'), change('b', ['a']), change('c', ['a']), change('d', ['c'])],
      async ({ id }) => {
        if (id !== 'c') return;
        interrupt.abort();
        throw new InterruptedError('interrupted');
      },
      { signal: interrupt.signal },
    );
    const error: unknown = await run.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InterruptedError);
    expect((error as InterruptedError).details).toEqual([
      'hosts: 2 of 4 changes done',
      'begun, its end not awaited: c',
      'not begun: d',
    ]);
  });

  test.each([
    ['an unknown change', [change('a', ['x'])], 'change a waits for x, which is not in the plan'],
    ['itself', [change('a', ['b']), change('b', ['a'])], 'change a waits for itself through b'],
    ['two of one id', [change('a'), change('a')], 'two changes share an id'],
  ])('refuses a plan that waits for %s', async (_, changes, message) => {
    await expect(runChanges(changes, async () => {}, { signal: never })).rejects.toThrow(message);
  });
});

test('orders any plan without circles so that nothing comes before what it waits for', () => {
  const plans = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { maxLength: 12 }).map((edges) =>
    // Only links to lower numbers: no circles by construction. Then turned round, so that order has work to do.
    edges
      .map((links, index) =>
        change(String(index), index === 0 ? [] : links.map((link) => String(link % index))),
      )
      .reverse(),
  );
  fc.assert(
    fc.property(plans, (changes) => {
      const ids = orderChanges(changes).map(({ id }) => id);
      expect([...ids].sort()).toEqual(changes.map(({ id }) => id).sort());
      for (const { id, after } of changes)
        for (const earlier of after) expect(ids.indexOf(earlier)).toBeLessThan(ids.indexOf(id));
    }),
  );
});
