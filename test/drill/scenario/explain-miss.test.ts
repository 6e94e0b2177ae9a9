import { expect, test } from 'vitest';
import type { ProbeRecord } from '../../../src/drill/probe/record.ts';
import { explainMiss } from '../../../src/drill/scenario/explain-miss.ts';
import type { TimelineEvent } from '../../../src/drill/timeline/event.ts';

/** A request every 10 ms for two seconds, every second one of `db`. */
const records = (failure: (index: number) => string | null): ProbeRecord[] =>
  Array.from({ length: 200 }, (_, index) => ({
    index,
    target: index % 2 === 0 ? 'web' : 'db',
    intendedMs: index * 10,
    startedMs: index * 10,
    endedMs: index * 10 + 2,
    failure: failure(index),
    status: null,
    server: null,
    bytes: 0,
  }));

const quiet = { struckMs: 500, computer: { load: 2, cores: 2 } };

const event = (atMs: number, text: string, kind: TimelineEvent['kind'] = 'vrrp'): TimelineEvent => ({
  atMs,
  host: 'lb2',
  kind,
  text,
});

test('names the targets that failed, and what happened in the longest gap', () => {
  const gone = (index: number): string | null =>
    index >= 100 && index < 130 ? 'timeout' : index === 151 ? 'ECONNRESET' : null;
  const timeline = [
    event(500, 'long before'),
    event(1_250, 'Entering MASTER STATE'),
    event(1_260, '3 requests failed', 'probe'),
  ];
  expect(explainMiss(records(gone), timeline, quiet)).toEqual([
    'db: 16 of 100 failed (15 timeout, 1 ECONNRESET)',
    'web: 15 of 100 failed (15 timeout)',
    'no success from 0.99 to 1.30 s; meanwhile lb2: Entering MASTER STATE',
  ]);
});

test('tells a few of many events, and that nobody told of any', () => {
  const gone = (index: number): string | null => (index >= 100 && index < 130 ? 'timeout' : null);
  const many = Array.from({ length: 6 }, (_, index) => event(1_100 + index, `event ${index}`));
  expect(explainMiss(records(gone), many, quiet).at(-1)).toMatch(/event 3; and 2 more events$/);
  expect(explainMiss(records(gone), [], quiet).at(-1)).toMatch(/meanwhile nothing that anybody told$/);
});

test('has nothing to say of a gap that is none', () => {
  expect(
    explainMiss(
      records(() => null),
      [],
      quiet,
    ),
  ).toEqual([]);
});

test('says when the computer was too busy to tell, and what it was like before the fault', () => {
  expect(
    explainMiss(
      records(() => null),
      [],
      { struckMs: 500, computer: { load: 12.34, cores: 2 } },
    ),
  ).toEqual([
    'this computer was busy: load 12.3 on 2 cores; the longest gap was 10 ms before anything was broken',
  ]);
});
