import { expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import type { Change } from '../../src/plan/change.ts';
import type { StackAction } from '../../src/stack/action.ts';
import { applyStackChange } from '../../src/stack/apply.ts';
import { askSwarm } from '../../src/stack/ask-swarm.ts';
import { createSnapshotSource } from '../../src/stack/snapshots.ts';
import { makeDefinition } from './builders.ts';

const leaderless = Object.assign(new Error('(HTTP code 500) server error - no leader'), {
  statusCode: 500,
  json: { message: 'rpc error: code = Unknown desc = The swarm does not have a leader' },
});

test("a manager that has no leader is the engine's failure with a next step, not a defect of ours", async () => {
  const fail = () => Promise.reject(leaderless);
  const engine = { listServices: fail, listTasks: fail, listNodes: fail } as never;
  const error: UserError = await createSnapshotSource(engine, 'stk')
    .read(0)
    .catch((caught) => caught);
  expect(error).toBeInstanceOf(UserError);
  expect([error.message, error.next]).toEqual([
    "the engine couldn't say how the stack is: rpc error: code = Unknown desc = The swarm does not have a leader",
    'run the same command again; if this stays, see `kawanan status` for managers that are down',
  ]);
});

test('an engine that never answers is waited for no longer than told', async () => {
  await expect(askSwarm(new Promise(() => {}), 5)).rejects.toThrow("the engine didn't answer within 0.005 s");
});

test('our own errors pass as they are', async () => {
  const own = new UserError('no route to it');
  await expect(askSwarm(Promise.reject(own))).rejects.toBe(own);
});

test('so is what it answers in the middle of a change', async () => {
  const hosts = {
    connect: async () => ({ engine: () => ({ listContainers: () => Promise.reject(leaderless) }) }),
  };
  const change = {
    id: 'volumes/w1',
    layer: 'stack',
    kind: 'remove',
    object: { type: 'volume', name: 'data', host: 'w1' },
    title: 'remove volume data',
    fields: [],
    after: [],
    action: { do: 'remove-volumes', node: 'w1', volumes: ['data'] },
  } as unknown as Change<StackAction>;
  const context = { definition: makeDefinition([]), hosts } as never;
  const progress = { report: () => {}, signal: new AbortController().signal };
  await expect(applyStackChange(context, change, progress)).rejects.toThrow(
    'the engine refused to remove volume data: rpc error',
  );
});
