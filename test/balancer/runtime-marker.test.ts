import { expect, test } from 'vitest';
import { readEffectiveDigest, renderRuntimeMarker } from '../../src/balancer/haproxy/runtime-marker.ts';

test.each([
  ['what the process was brought to', 'aaaa', renderRuntimeMarker('aaaa', 'bbbb'), 'bbbb'],
  ['what it was started with, after a restart', 'bbbb', renderRuntimeMarker('aaaa', 'bbbb'), 'bbbb'],
  [
    'what it was started with, where another one was changed',
    'cccc',
    renderRuntimeMarker('aaaa', 'bbbb'),
    'cccc',
  ],
  ['what it was started with, where nothing was', 'aaaa', undefined, 'aaaa'],
  ['nothing, where it does not answer', undefined, renderRuntimeMarker('aaaa', 'bbbb'), undefined],
])('HAProxy runs %s', (_, started, marker, running) => {
  expect(readEffectiveDigest(started, marker)).toBe(running);
});
