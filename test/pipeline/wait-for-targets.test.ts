import { expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import type { TargetState } from '../../src/monitoring/answers.ts';
import { waitForTargets } from '../../src/pipeline/wait-for-targets.ts';

const node: TargetState = { job: 'node', instance: 'w1', state: 'up' };
const task: TargetState = { job: 'task', instance: 'swarm.1', state: 'up' };
const down: TargetState = { ...task, state: 'down' };
const starting = new UserError('Prometheus does not answer: it may be starting');

async function wait(looks: number, answers: (TargetState[] | Error)[]) {
  let asked = 0;
  const read = async (): Promise<TargetState[]> => {
    const answer = answers[asked++]!;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const targets = await waitForTargets(read, { looks, pause: async () => {} });
  return { asked, targets };
}

test.each<[string, (TargetState[] | Error)[], number]>([
  ['all are up', [[node, task]], 1],
  ['Prometheus has started', [starting, [node, task]], 2],
  ['tasks are found', [[node], [node, task]], 2],
  [
    'the last one answers',
    [
      [node, down],
      [node, { ...task, state: 'unknown' }],
      [node, task],
    ],
    3,
  ],
])('looks until %s', async (_, answers, asked) => {
  expect(await wait(9, answers)).toEqual({ asked, targets: [node, task] });
});

test('gives up after so many looks, with what there is', async () => {
  expect(await wait(2, [[node], [node, down]])).toEqual({ asked: 2, targets: [node, down] });
});

test('tells what is wrong where Prometheus never answers, and at once what nobody expects', async () => {
  await expect(wait(2, [starting, starting])).rejects.toBe(starting);
  const defect = new TypeError('no');
  await expect(wait(9, [defect])).rejects.toBe(defect);
});
