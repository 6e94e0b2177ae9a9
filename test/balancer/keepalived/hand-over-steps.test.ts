import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { handOverScript } from '../../../src/balancer/keepalived/hand-over-steps.ts';

test('the steps are a script that a POSIX shell reads, with a step for each word', () => {
  execFileSync('sh', ['-n'], { input: handOverScript });
  const steps = [...handOverScript.matchAll(/^([a-z-]+)\)$/gm)].map((match) => match[1]);
  expect(steps).toEqual([
    'receive',
    'end-receive',
    'keep',
    'yield',
    'count',
    'end-keep',
    'stand-aside',
    'end-aside',
  ]);
});
