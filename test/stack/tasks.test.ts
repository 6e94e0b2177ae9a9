import { describe, expect, test } from 'vitest';
import { chooseTask } from '../../src/stack/choose-task.ts';
import { listTasks } from '../../src/stack/list-tasks.ts';
import type { ObservedService, ObservedTask } from '../../src/stack/observed.ts';
import { makeService, makeSpec, makeTask, nodes } from './builders.ts';

const web = makeService(makeSpec('web'));
const dotted = makeService(makeSpec('web.api'));
const agent = makeService(
  makeSpec('agent', (spec) => {
    spec.Mode = { Global: {} };
  }),
);
const running = (
  service: ObservedService,
  container: string,
  more: Parameters<typeof makeTask>[1] = {},
): ObservedTask => {
  const task = makeTask(service, more);
  return { ...task, Status: { ...task.Status, ContainerStatus: { ContainerID: container } } };
};
const { Slot: _none, ...agentTask } = running(agent, 'c-agent', { NodeID: 'id-w2' });
const world = (tasks: ObservedTask[], more: Partial<{ nodes: typeof nodes }> = {}) => ({
  services: [web, dotted, agent],
  tasks,
  nodes,
  ...more,
});

describe('exec chooses a task', () => {
  const two = running(web, 'c2', { Slot: 2, NodeID: 'id-w2' });
  const one = running(web, 'c1', { Slot: 1 });

  test.each([
    ['web', { name: 'stk_web.1', node: 'w1', containerId: 'c1' }],
    ['stk_web', { name: 'stk_web.1', node: 'w1', containerId: 'c1' }],
    ['web.2', { name: 'stk_web.2', node: 'w2', containerId: 'c2' }],
    ['stk_web.2', { name: 'stk_web.2', node: 'w2', containerId: 'c2' }],
    ['agent.w2', { name: 'stk_agent.w2', node: 'w2', containerId: 'c-agent' }],
    ['web.api', { name: 'stk_web.api.1', node: 'w1', containerId: 'c-api' }],
  ])('%s', (wanted, chosen) => {
    const tasks = [two, one, agentTask, running(dotted, 'c-api')];
    expect(chooseTask('stk', wanted, world(tasks))).toEqual(chosen);
  });

  test('of the newest spec before an older one', () => {
    const old = { ...one, Spec: { ContainerSpec: { Image: 'shop/app:0' } } };
    expect(chooseTask('stk', 'web', world([old, two])).containerId).toBe('c2');
  });

  test('on a node that answers', () => {
    const silent = nodes.map((node) => ({ ...node, ready: node.hostname !== 'w1' }));
    expect(chooseTask('stk', 'web', world([one, two], { nodes: silent })).node).toBe('w2');
    expect(() => chooseTask('stk', 'web.1', world([one, two], { nodes: silent }))).toThrow(
      'no task of stk_web.1 runs on a node that answers',
    );
  });

  test('and none that has ended', () => {
    const ended = running(web, 'c9', { state: 'failed', DesiredState: 'shutdown' });
    expect(() => chooseTask('stk', 'web', world([ended]))).toThrow('no task of stk_web runs');
  });
});

describe('ps lists tasks', () => {
  const ended = makeTask(web, { state: 'failed', DesiredState: 'shutdown', err: 'exit 1', exitCode: 1 });
  const now = makeTask(web);
  const ten = makeTask(web, { Slot: 10 });
  const two = makeTask(web, { Slot: 2 });
  const other = makeTask(dotted);
  const all = world([ended, ten, now, two, other]);
  const list = (options: { service?: string; all: boolean }) =>
    listTasks('stk', all, options).map(({ name, state }) => `${name} ${state}`);

  test('that are there, in the order of their slots', () => {
    expect(list({ all: false })).toEqual([
      'stk_web.1 running',
      'stk_web.2 running',
      'stk_web.10 running',
      'stk_web.api.1 running',
    ]);
  });

  test('of one service, those that ended below the newest of their slot', () => {
    expect(list({ service: 'web', all: true })).toEqual([
      'stk_web.1 running',
      'stk_web.1 failed',
      'stk_web.2 running',
      'stk_web.10 running',
    ]);
  });

  test('of no service that is not there', () => {
    expect(() => list({ service: 'wep', all: false })).toThrow('the stack stk has no service "wep"');
  });
});
