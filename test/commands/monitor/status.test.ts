import pico from 'picocolors';
import { expect, test } from 'vitest';
import { isSomethingDown, renderMonitoring } from '../../../src/commands/monitor/status.ts';
import type { AlertState, TargetState } from '../../../src/monitoring/answers.ts';

const plain = pico.createColors(false);
const targets: TargetState[] = [
  { job: 'node', instance: 'lb1', node: 'lb1', state: 'up' },
  { job: 'node', instance: 'w2', node: 'w2', state: 'down', error: 'no route\x1b[2J to host' },
  { job: 'task', instance: 'api.1', node: 'w1', state: 'unknown' },
];
const alert: AlertState = {
  name: 'NodeDown',
  state: 'firing',
  severity: 'critical',
  summary: 'w2 does not answer',
  runbook: 'docs/monitoring.md#nodedown',
  since: '2026-01-01T00:00:00Z',
};

test('what is asked, whether it answers, and what fires', () => {
  expect(renderMonitoring(targets, [alert], plain)).toBe(`JOB   TARGET  ON  STATE
node  lb1         up
node  w2          down     no route\\x1b[2J to host
task  api.1   w1  unknown
1 of 3 targets up

ALERT     STATE   SEVERITY  WHAT                RUNBOOK
NodeDown  firing  critical  w2 does not answer  docs/monitoring.md#nodedown
`);
});

test('all is well', () => {
  expect(renderMonitoring(targets.slice(0, 1), [], plain)).toBe(`JOB   TARGET  ON  STATE
node  lb1         up
1 of 1 targets up
no alerts
`);
});

test.each<[string, TargetState[], AlertState[], boolean]>([
  ['a target that is down', targets, [], true],
  ['an alert that fires', [], [alert], true],
  ['one that may fire yet', [], [{ ...alert, state: 'pending' }], false],
  ['a secret that is old', [], [{ ...alert, severity: 'info' }], false],
  ['a target that was not asked yet', targets.slice(2), [], false],
])('%s: is something down?', (_, someTargets, alerts, isDown) => {
  expect(isSomethingDown(someTargets, alerts)).toBe(isDown);
});
