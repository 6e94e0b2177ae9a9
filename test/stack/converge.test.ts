import type Docker from 'dockerode';
import { describe, expect, test } from 'vitest';
import { InterruptedError, UserError } from '../../src/errors.ts';
import { type ConvergeLimits, convergeService } from '../../src/stack/converge.ts';
import type { ServiceSpec } from '../../src/stack/engine-types.ts';
import type { ObservedTask, UpdateStatus } from '../../src/stack/observed.ts';
import type { Snapshot } from '../../src/stack/snapshots.ts';
import { makeService, makeSpec, makeTask, nodes } from './builders.ts';

// No window to wait for: these tests are about what is seen, not about time.
const spec = (change: (s: ServiceSpec) => void = () => {}) =>
  makeSpec('web', (s) => {
    s.UpdateConfig = { Parallelism: 1, Monitor: 1 };
    change(s);
  });
const service = makeService(spec());
const limits: ConvergeLimits = { stallMs: 60_000, pendingMs: 60_000, failuresPerSlot: 3, pollMs: 0 };

interface Look {
  tasks: ObservedTask[];
  update?: UpdateStatus;
}

/** Converges on what is seen, look after look; the last one stays. */
async function converge(
  looks: Look[],
  options: {
    after?: 'update' | 'wait';
    limits?: Partial<ConvergeLimits>;
    of?: typeof service;
    signal?: AbortSignal;
    ready?: () => void;
  } = {},
): Promise<{ messages: string[]; error?: UserError }> {
  const { of = service } = options;
  const messages: string[] = [];
  let index = 0;
  const read = async (): Promise<Snapshot> => {
    const look = looks[Math.min(index++, looks.length - 1)]!;
    return {
      nodes,
      tasks: look.tasks,
      services: [{ ...of, ...(look.update && { UpdateStatus: look.update }) }],
    };
  };
  const target = {
    // Its log can't be read, and that must not hide the failure.
    engine: {} as Docker,
    snapshots: { read },
    serviceId: of.ID,
    serviceName: of.Spec.Name,
    since: 0,
    after: options.after ?? ('create' as const),
    limits: { ...limits, ...options.limits },
  };
  const progress = {
    signal: options.signal ?? new AbortController().signal,
    report: (text: string) => void messages.push(text),
    ...(options.ready && { ready: options.ready }),
  };
  try {
    await convergeService(target, progress);
    return { messages };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { messages, error };
  }
}

const failed = (id: string, err: string, exitCode = 1): ObservedTask => ({
  ...makeTask(service, { state: 'failed', DesiredState: 'shutdown', err, exitCode }),
  ID: id,
});
const next = () => makeTask(service, { state: 'ready', DesiredState: 'ready' });

describe('a service converges', () => {
  test('once its task runs, and says on the way what it waits for', async () => {
    const pending = makeTask(service, { state: 'pending', err: 'no suitable node (x)' });
    const { messages, error } = await converge([
      { tasks: [] },
      { tasks: [pending] },
      { tasks: [{ ...pending, Status: { State: 'starting' } }] },
      { tasks: [makeTask(service)] },
    ]);
    expect(error).toBeUndefined();
    expect(messages.slice(0, 3)).toEqual([
      '0 of 1 tasks running',
      '0 of 1 tasks running, pending: no suitable node (x)',
      '0 of 1 tasks running',
    ]);
  });

  test('and is ready before it has been watched, but not before its task runs', async () => {
    const seen: string[] = [];
    const watched = makeService(
      spec((s) => {
        s.UpdateConfig = { Parallelism: 1, Monitor: 20e6 };
      }),
    );
    const tasks = [makeTask(watched)];
    const looks = [{ tasks: [] }, { tasks }];
    const { messages } = await converge(looks, { of: watched, ready: () => seen.push('ready') });
    expect(seen[0]).toBe('ready');
    expect(messages).toEqual(['0 of 1 tasks running', '1 of 1 tasks running, watched for 1 s more']);
    const failing = await converge([{ tasks: [failed('t1', 'boom'), next()] }], {
      limits: { failuresPerSlot: 1 },
      ready: () => seen.push('ready, and failed'),
    });
    expect(failing.error).toBeDefined();
    expect(seen).not.toContain('ready, and failed');
  });

  test('not while the swarm is still updating it, though all tasks run', async () => {
    const tasks = [makeTask(service)];
    const { messages, error } = await converge(
      [
        { tasks, update: { State: 'updating' } },
        { tasks, update: { State: 'completed' } },
      ],
      { after: 'update' },
    );
    expect(error).toBeUndefined();
    expect(messages).toEqual(['1 of 1 tasks running']);
  });

  test('not while a task of the old spec is left', async () => {
    const old = { ...makeTask(service), Spec: { ContainerSpec: { Image: 'shop/app:0' } } };
    const { messages, error } = await converge([{ tasks: [old] }, { tasks: [makeTask(service)] }]);
    expect(error).toBeUndefined();
    expect(messages[0]).toBe('0 of 1 tasks running, 1 of the old ones left');
  });

  test('when a one-shot ends well, which the swarm calls an early termination', async () => {
    const once = makeService(
      spec((s) => {
        s.TaskTemplate.RestartPolicy = { Condition: 'none' };
      }),
    );
    const done = makeTask(once, { state: 'complete', DesiredState: 'shutdown' });
    const update = {
      State: 'paused',
      Message: 'update paused due to failure or early termination of task x',
    };
    expect(await converge([{ tasks: [done], update }], { of: once, after: 'update' })).toEqual({
      messages: [],
    });
  });

  test('after failures that it recovers from', async () => {
    const { error } = await converge([
      { tasks: [failed('t1', 'boom'), next()] },
      { tasks: [failed('t1', 'boom'), failed('t2', 'boom'), next()] },
      { tasks: [failed('t1', 'boom'), failed('t2', 'boom'), makeTask(service)] },
    ]);
    expect(error).toBeUndefined();
  });
});

describe('a service fails to converge', () => {
  test('when its update is paused, with the task that the swarm blames', async () => {
    const tasks = [
      failed('t1', 'task: non-zero exit (1)'),
      failed('t2', 'task: non-zero exit (7)', 7),
      next(),
    ];
    const Message = 'update paused due to failure or early termination of task t2';
    const { error } = await converge([{ tasks, update: { State: 'paused', Message } }], { after: 'update' });
    expect(error?.message).toBe('stk_web: the update failed and was paused');
    expect(error?.details).toEqual([
      `the swarm says: ${Message}`,
      'task stk_web.1 on w1 failed: task: non-zero exit (7), exit code 7',
      'its log is empty',
    ]);
    expect(error?.next).toBe('`kawanan logs stk_web` shows more; mend it and run the same command again');
  });

  test('when it was rolled back, and tells why rather than that it was', async () => {
    const tasks = [failed('t1', 'task: non-zero exit (1)'), makeTask(service)];
    const { error, messages } = await converge(
      [
        {
          tasks,
          update: {
            State: 'rollback_started',
            Message: 'update rolled back due to failure or early termination of task t1',
          },
        },
        { tasks, update: { State: 'rollback_completed', Message: 'rollback completed' } },
      ],
      { after: 'update' },
    );
    expect(messages).toEqual(['1 of 1 tasks running, rolling back']);
    expect(error?.message).toBe('stk_web: the update failed and was rolled back');
    expect(error?.details[0]).toBe(
      'the swarm says: update rolled back due to failure or early termination of task t1',
    );
  });

  test('when its image is nowhere, sooner than when it crashes', async () => {
    const missing = (id: string) => failed(id, 'No such image: shop/app:1', 0);
    const { error } = await converge([
      { tasks: [missing('t1'), next()] },
      { tasks: [missing('t1'), missing('t2'), next()] },
    ]);
    expect(error?.message).toBe('stk_web: its tasks keep failing (2 so far)');
    expect(error?.next).toMatch(/^the image shop\/app:1 is not on that node/);
  });

  test('when it crashes again and again', async () => {
    const ids = ['t1', 't2', 't3', 't4'];
    const looks = ids.map((_, index) => ({
      tasks: [...ids.slice(0, index).map((id) => failed(id, 'boom')), next()],
    }));
    const { error } = await converge(looks);
    expect(error?.message).toBe('stk_web: its tasks keep failing (3 so far)');
  });

  test('by new failures only, when all we do is wait', async () => {
    const earlier = ['t1', 't2', 't3'].map((id) => failed(id, 'boom'));
    const looks = [{ tasks: [...earlier, next()] }, { tasks: [...earlier, makeTask(service)] }];
    expect((await converge(looks, { after: 'wait' })).error).toBeUndefined();
    expect((await converge(looks)).error?.message).toBe('stk_web: its tasks keep failing (3 so far)');
  });

  test('not by what failed when the same spec was tried before', async () => {
    const earlier = ['t1', 't2', 't3'].map((id) => ({
      ...failed(id, 'boom'),
      CreatedAt: '2025-12-31T23:59:59.5Z',
    }));
    const looks = [
      { tasks: earlier },
      { tasks: [...earlier, next()] },
      { tasks: [...earlier, makeTask(service)] },
    ];
    expect((await converge(looks, { after: 'update' })).error).toBeUndefined();
  });

  test('when its restart policy gives up', async () => {
    const { error } = await converge([{ tasks: [next()] }, { tasks: [failed('t1', 'boom')] }]);
    expect(error?.message).toBe('stk_web: its task failed, and its restart policy starts it no more');
  });

  test("when no node takes its task, with the scheduler's reason", async () => {
    const err = 'no suitable node (host-mode port already in use on 2 nodes)';
    const { error } = await converge([{ tasks: [makeTask(service, { state: 'pending', err })] }], {
      limits: { pendingMs: 0 },
    });
    expect(error?.message).toBe('stk_web: no node takes its task');
    expect(error?.details).toEqual([`one task is pending: ${err}`]);
  });

  test('not while a task that stops holds the place the pending one waits for', async () => {
    const err = 'no suitable node (host-mode port already in use on 2 nodes)';
    const { NodeID: _none, ...pending } = makeTask(service, { state: 'pending', err });
    const stopping = makeTask(service, { DesiredState: 'shutdown' });
    const looks = [...Array(5).fill({ tasks: [stopping, pending] }), { tasks: [makeTask(service)] }];
    expect((await converge(looks, { limits: { pendingMs: 0 } })).error).toBeUndefined();
  });

  test('when nothing moves any more', async () => {
    const { error } = await converge([{ tasks: [] }], { limits: { stallMs: 0 } });
    expect(error?.message).toBe('stk_web: not converged: 0 of 1 tasks running, and no more for 0 s');
  });

  test('when someone interrupts', async () => {
    const { error } = await converge([{ tasks: [] }], { signal: AbortSignal.abort() });
    expect(error).toBeInstanceOf(InterruptedError);
  });
});
