import { expect, test } from 'vitest';
import { findUnsettled } from '../../src/stack/find-unsettled.ts';
import type { ObservedService, ObservedTask, UpdateStatus } from '../../src/stack/observed.ts';
import { makeService, makeSpec, makeTask, nodes } from './builders.ts';

const spec = makeSpec('web', (s) => {
  s.Mode = { Replicated: { Replicas: 2 } };
});
const inState = (State?: UpdateStatus['State']): ObservedService =>
  makeService(spec, State === undefined ? {} : { UpdateStatus: { State } });
const web = inState();
const old = makeService(
  makeSpec('web', (s) => {
    s.TaskTemplate.ForceUpdate = 1;
  }),
);
const both = [makeTask(web), makeTask(web, { Slot: 2 })];
const half = [makeTask(web), { ...makeTask(old, { Slot: 2 }), ServiceID: web.ID }];
const noPlace = [makeTask(web), makeTask(web, { Slot: 2, state: 'pending', err: 'no suitable node' })];
const starting = [makeTask(web), makeTask(web, { Slot: 2, state: 'starting' })];

test.each<[string, UpdateStatus['State'] | undefined, ObservedTask[], string | undefined]>([
  ['all its tasks run', undefined, both, undefined],
  ['an update has ended', 'completed', both, undefined],
  ['all run, and are watched', 'updating', both, 'moves: 2 of 2 tasks run, and the swarm watches them'],
  ['the next task is waited for', 'updating', half, 'moves: 1 of 2 tasks run the new spec'],
  ['it goes back', 'rollback_started', half, 'moves: 1 of 2 tasks run the new spec'],
  ['an update has stopped half-way', 'paused', half, 'stuck: 1 of 2 tasks run'],
  ['a task starts', undefined, starting, 'moves: 1 of 2 tasks run'],
  ['no node takes a task', undefined, noPlace, 'stuck: 1 of 2 tasks run'],
  [
    'the new task waits for what the old one still holds',
    'updating',
    [...noPlace, { ...makeTask(old, { Slot: 2, DesiredState: 'shutdown' }), ServiceID: web.ID }],
    'moves: 1 of 2 tasks run the new spec',
  ],
  ['no node takes the new task', 'updating', noPlace, 'stuck: 1 of 2 tasks run the new spec'],
])('%s', (_, state, tasks, wanted) => {
  const found = findUnsettled({ services: [inState(state)], tasks, nodes }, () => true);
  expect(found && `${found.stuck ? 'stuck' : 'moves'}: ${found.short.join()}`).toBe(
    wanted?.replace(': ', ': stk_web: '),
  );
});

test('counts what is missing of all of them', () => {
  const services = [inState(), makeService(makeSpec('db'))];
  expect(findUnsettled({ services, tasks: starting, nodes }, () => true)?.missing).toBe(2);
});

test('one that moves may make a place for one that is stuck', () => {
  const other = makeService(makeSpec('db'));
  const services = [inState('updating'), other];
  const tasks = [...half, makeTask(other, { state: 'pending', err: 'no suitable node' })];
  expect(findUnsettled({ services, tasks, nodes }, () => true)?.stuck).toBe(false);
  expect(findUnsettled({ services, tasks, nodes }, ({ ID }) => ID === other.ID)?.stuck).toBe(true);
});

test('a job is not waited for', () => {
  const job = makeService(
    makeSpec('job', (s) => {
      s.Mode = { ReplicatedJob: { TotalCompletions: 2 } };
    }),
  );
  expect(findUnsettled({ services: [job], tasks: [makeTask(job)], nodes }, () => true)).toBeUndefined();
});
