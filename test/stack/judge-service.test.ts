import { describe, expect, test } from 'vitest';
import { judgeService } from '../../src/stack/judge-service.ts';
import type { ObservedService, ObservedTask } from '../../src/stack/observed.ts';
import { findUnconverged } from '../../src/stack/unconverged.ts';
import { makeService, makeSpec, makeTask, nodes, readRecording, recordedEngines } from './builders.ts';

const web = makeService(
  makeSpec('web', (s) => {
    s.Mode = { Replicated: { Replicas: 2 } };
  }),
);
const old = makeService(
  makeSpec('web', (s) => {
    s.TaskTemplate.ContainerSpec.Image = 'shop/app:0';
  }),
);
const once = makeService(
  makeSpec('once', (s) => {
    s.TaskTemplate.RestartPolicy = { Condition: 'on-failure' };
  }),
);
const everywhere = makeService(
  makeSpec('agent', (s) => {
    s.Mode = { Global: {} };
    s.TaskTemplate.Placement = { Constraints: ['node.role == worker'] };
  }),
);
const pinned = makeService(
  makeSpec('db', (s) => {
    s.TaskTemplate.Placement = { Constraints: ['node.hostname==w1'] };
  }),
);
const job = makeService(
  makeSpec('job', (s) => {
    s.Mode = { ReplicatedJob: { TotalCompletions: 2 } };
  }),
  {
    JobStatus: { JobIteration: { Index: 3 } },
  },
);
const w1Down = nodes.map((node) => (node.hostname === 'w1' ? { ...node, ready: false } : node));
const noNode = 'no suitable node (scheduling constraints not satisfied on 2 nodes)';

describe('a service', () => {
  test.each<[string, ObservedService, ObservedTask[], string]>([
    ['with all its tasks', web, [makeTask(web), makeTask(web, { Slot: 2 })], '2/2 done'],
    ['with a slot that has no task yet', web, [makeTask(web)], '1/2 missing'],
    [
      'with a task that starts',
      web,
      [makeTask(web), makeTask(web, { Slot: 2, state: 'starting' })],
      '1/2 starting',
    ],
    ['whose task runs the old spec', old, [makeTask(web)], '0/1 1 outdated missing'],
    [
      'with the old task beside the new one',
      web,
      [makeTask(web), makeTask(web, { Slot: 2 }), { ...makeTask(old, { Slot: 2 }), ServiceID: web.ID }],
      '2/2 1 outdated',
    ],
    ['with a task too many', web, [1, 2, 3].map((Slot) => makeTask(web, { Slot })), '3/2 1 outdated'],
    [
      'whose old task was told to stop',
      web,
      [makeTask(web), makeTask(web, { Slot: 2 }), makeTask(web, { Slot: 3, DesiredState: 'remove' })],
      '2/2 done',
    ],
    [
      'that fails and is tried again',
      once,
      [
        makeTask(once, { state: 'failed', DesiredState: 'shutdown', err: 'task: non-zero exit (1)' }),
        makeTask(once, { state: 'ready', DesiredState: 'ready' }),
      ],
      '0/1 failing',
    ],
    ['that gave up', once, [makeTask(once, { state: 'failed', DesiredState: 'shutdown' })], '0/1 given-up'],
    [
      'that ran once and ended well',
      once,
      [makeTask(once, { state: 'complete', DesiredState: 'shutdown' })],
      '0/1 done',
    ],
    [
      'that should run on and ended well',
      web,
      [makeTask(web, { state: 'complete', DesiredState: 'shutdown' })],
      '0/2 missing missing',
    ],
    [
      'on every node that may',
      everywhere,
      [makeTask(everywhere, { Slot: 0 }), makeTask(everywhere, { Slot: 0, NodeID: 'id-w2' })],
      '2/2 done',
    ],
    ['that waits for a node', pinned, [makeTask(pinned, { state: 'pending', err: noNode })], '0/1 pending'],
    [
      'that runs where it no longer may',
      pinned,
      [makeTask(pinned, { NodeID: 'id-m' })],
      '0/1 1 outdated starting',
    ],
    [
      'that is a job half done',
      job,
      [
        makeTask(job, { state: 'complete', JobIteration: { Index: 3 } }),
        makeTask(job, { state: 'complete', JobIteration: { Index: 2 } }),
        makeTask(job, { state: 'running', JobIteration: { Index: 3 } }),
      ],
      '1/2',
    ],
    [
      'that is a job all done',
      job,
      [1, 2].map(() => makeTask(job, { state: 'complete', JobIteration: { Index: 3 } })),
      '0/2 done',
    ],
  ])('%s', (_, service, tasks, expected) => {
    const health = judgeService(service, tasks, nodes);
    const words = [
      `${health.running}/${health.wanted}`,
      health.outdated > 0 ? `${health.outdated} outdated` : '',
      ...health.troubles.map((trouble) => trouble.kind),
      health.done ? 'done' : '',
    ];
    expect(words.filter((word) => word !== '').join(' ')).toBe(expected);
  });

  test.each(
    recordedEngines.flatMap((engine) => {
      const { observed } = readRecording(engine);
      return observed.services.map((service) => [service.Spec.Name, engine, service, observed] as const);
    }),
  )('%s of a real swarm of engine %s has converged', (_, __, service, observed) => {
    expect(judgeService(service, observed.tasks, observed.nodes)).toMatchObject({
      done: true,
      troubles: [],
    });
  });
});

describe('a service whose spec is as wanted', () => {
  const running = [makeTask(web), makeTask(web, { Slot: 2 })];
  const updating = (State: string) => makeService(web.Spec, { UpdateStatus: { State, Message: 'words' } });
  test.each<[string, ObservedService, ObservedTask[], typeof nodes, unknown]>([
    ['and all is well', web, running, nodes, { kind: 'converged' }],
    [
      'in the middle of an update',
      updating('updating'),
      running,
      nodes,
      { kind: 'unfinished', how: 'wait', reason: 'words' },
    ],
    [
      'in the middle of going back',
      updating('rollback_started'),
      running,
      nodes,
      { kind: 'unfinished', how: 'wait', reason: 'words' },
    ],
    [
      'whose paused update has come to its end anyhow',
      updating('paused'),
      running,
      nodes,
      { kind: 'converged' },
    ],
    [
      'whose update is paused',
      updating('paused'),
      [],
      nodes,
      { kind: 'unfinished', how: 'resume', reason: 'words' },
    ],
    [
      'that was just created',
      web,
      [],
      nodes,
      { kind: 'unfinished', how: 'wait', reason: '0 of 2 tasks run' },
    ],
    [
      'that gave up',
      once,
      [makeTask(once, { state: 'failed', DesiredState: 'shutdown', err: 'task: non-zero exit (1)' })],
      nodes,
      { kind: 'unfinished', how: 'again', reason: '0 of 1 tasks run: task: non-zero exit (1)' },
    ],
    [
      'and its node is down: nothing to do',
      pinned,
      [
        makeTask(pinned, { DesiredState: 'shutdown' }),
        makeTask(pinned, { NodeID: '', state: 'pending', err: noNode }),
      ],
      w1Down,
      { kind: 'degraded', reason: `0 of 1 tasks run: w1 is down; ${noNode}` },
    ],
    [
      'whose node is down, and the swarm has not told it to go',
      pinned,
      [makeTask(pinned)],
      w1Down,
      { kind: 'degraded', reason: "0 of 1 tasks run: w1 is down; its node doesn't answer" },
    ],
    [
      'that no node takes though all are there',
      pinned,
      [makeTask(pinned, { state: 'pending', err: noNode })],
      nodes,
      { kind: 'unfinished', how: 'wait', reason: `0 of 1 tasks run: ${noNode}` },
    ],
  ])('%s', (_, service, tasks, where, expected) => {
    const placed = tasks.map((task) => {
      if (task.NodeID !== '') return task;
      const { NodeID: _nowhere, ...rest } = task;
      return rest;
    });
    expect(findUnconverged(service, placed, where)).toEqual(expected);
  });

  test('that runs on every node has all it can have while one is down', () => {
    const tasks = [
      makeTask(everywhere, { Slot: 0, NodeID: 'id-w2' }),
      makeTask(everywhere, { Slot: 0, DesiredState: 'shutdown' }),
    ];
    expect(findUnconverged(everywhere, tasks, w1Down)).toEqual({ kind: 'converged' });
  });
});

describe('a job whose task failed', () => {
  const failing = (policy: object) =>
    makeService(
      makeSpec('job', (s) => {
        s.Mode = { ReplicatedJob: { TotalCompletions: 1 } };
        s.TaskTemplate.RestartPolicy = policy;
      }),
      { JobStatus: { JobIteration: { Index: 3 } } },
    );
  const kinds = (policy: object, states: string[]) => {
    const service = failing(policy);
    const tasks = states.map((state) => makeTask(service, { state, JobIteration: { Index: 3 } }));
    return judgeService(service, tasks, nodes).troubles.map(({ kind }) => kind);
  };

  test.each([
    ['has given up without restarts', { Condition: 'none' }, ['failed'], ['given-up']],
    ['has another try left', { Condition: 'on-failure', MaxAttempts: 1 }, ['failed'], ['failing']],
    [
      'has given up after its last try',
      { Condition: 'on-failure', MaxAttempts: 1 },
      ['failed', 'failed'],
      ['given-up', 'given-up'],
    ],
    [
      'goes on while a try is at work',
      { Condition: 'on-failure', MaxAttempts: 1 },
      ['failed', 'failed', 'preparing'],
      ['failing', 'failing', 'starting'],
    ],
    ['is tried for ever, unless told', {}, ['failed', 'failed'], ['failing', 'failing']],
  ])('%s', (_, policy, states, expected) => {
    expect(kinds(policy, states)).toEqual(expected);
  });
});
