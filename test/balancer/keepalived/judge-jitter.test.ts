import { expect, test } from 'vitest';
import { describeJitter, judgeJitter } from '../../../src/balancer/keepalived/judge-jitter.ts';

test.each<[number, boolean, string | undefined]>([
  [0.6, true, undefined],
  [29.9, true, undefined],
  [30, true, "a process of keepalived's priority was woken 30 ms late (limit: 30 ms)"],
  [0.6, false, 'keepalived gets no real-time priority, so any busy moment would count as a loss'],
])('%s ms late, real-time %s: %s', (largestMs, realTime, expected) => {
  expect(judgeJitter({ largestMs, seconds: 3, realTime })).toBe(expected);
});

test('is told with the time that was measured', () => {
  expect(describeJitter({ largestMs: 1.26, seconds: 3, realTime: true })).toBe('at most 1.3 ms in 3 s');
});
