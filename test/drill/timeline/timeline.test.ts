import { expect, test } from 'vitest';
import type { ProbeRecord } from '../../../src/drill/probe/record.ts';
import { mergeTimeline } from '../../../src/drill/timeline/event.ts';
import { describeFailures } from '../../../src/drill/timeline/probe-events.ts';
import { parseEvents } from '../../../src/drill/timeline/read-docker-events.ts';
import { parseJournal } from '../../../src/drill/timeline/read-journal.ts';

const line = (microseconds: number, message: unknown): string =>
  JSON.stringify({ __REALTIME_TIMESTAMP: String(microseconds), MESSAGE: message });

test('reads from a journal what tells of the virtual address and of servers, and nothing else', () => {
  const output = [
    line(1_000_500_000, '(kawanan) Entering MASTER STATE'),
    line(1_000_600_000, 'Reloading'),
    line(1_000_700_000, [255, 254]),
    line(1_000_800_000, 'Server web.api/w1-api is DOWN, reason: Layer4 timeout'),
    '',
  ].join('\n');
  expect(parseJournal(output, 'lb1')).toEqual([
    { atMs: 1_000_500, kind: 'vrrp', host: 'lb1', text: '(kawanan) Entering MASTER STATE' },
    {
      atMs: 1_000_800,
      kind: 'server',
      host: 'lb1',
      text: 'Server web.api/w1-api is DOWN, reason: Layer4 timeout',
    },
  ]);
});

test('a line that HAProxy writes to the journal twice is told once, and one that comes again is told again', () => {
  const down = 'Server web.api/w1-api is DOWN. 1 active and 0 backup servers left.';
  const output = [
    line(1_000_000_000, `[WARNING]  (1231) : ${down}`),
    line(1_000_000_400, down),
    line(1_000_500_000, down),
  ].join('\n');
  expect(parseJournal(output, 'lb1').map(({ atMs, text }) => [atMs, text])).toEqual([
    [1_000_000, down],
    [1_000_500, down],
  ]);
});

test('reads from an engine that a container died, with its code, under the name of its task', () => {
  const event = {
    Type: 'container',
    Action: 'die',
    Actor: { Attributes: { name: 'stk_web.2.abcdefghijklmnopqrstuvwxy', exitCode: '137' } },
    timeNano: 5_000_000_000,
  };
  const other = { ...event, Action: 'exec_create: sh' };
  expect(parseEvents(`${JSON.stringify(event)}\n${JSON.stringify(other)}\n`, 'w1', 4_000)).toEqual([
    { atMs: 1_000, kind: 'docker', host: 'w1', text: 'container die stk_web.2 (exit code 137)' },
  ]);
});

test('tells failures that follow each other as one, and later ones apart', () => {
  const record = (index: number, endedMs: number): ProbeRecord => ({
    index,
    target: 'read',
    intendedMs: endedMs,
    startedMs: endedMs,
    endedMs,
    failure: 'timeout',
    status: null,
    server: null,
    bytes: 0,
  });
  expect(describeFailures([record(0, 100), record(1, 150), record(2, 900)])).toEqual([
    { atMs: 100, kind: 'probe', text: '2 requests failed within 50 ms: 2 timeout (read)' },
    { atMs: 900, kind: 'probe', text: '1 request failed: 1 timeout (read)' },
  ]);
});

test('merges sources in the order of time', () => {
  const at = (atMs: number, text: string) => ({ atMs, kind: 'drill' as const, text });
  expect(mergeTimeline([at(1, 'a'), at(5, 'c')], [at(3, 'b')]).map(({ text }) => text)).toEqual([
    'a',
    'b',
    'c',
  ]);
});
