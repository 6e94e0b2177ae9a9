import { describe, expect, test } from 'vitest';
import { countDurations, readPercentile } from '../../../src/drill/probe/histogram.ts';
import type { ProbeTarget } from '../../../src/drill/probe/options.ts';
import { type Answer, runOpenLoop, type Transport } from '../../../src/drill/probe/run-open-loop.ts';
import { planSchedule } from '../../../src/drill/probe/schedule.ts';
import { summarise } from '../../../src/drill/probe/summarise.ts';
import { runClosedLoop } from './closed-loop.ts';
import { createFakeClock, createStallingServer, success } from './fake-network.ts';

const targets: ProbeTarget[] = [{ kind: 'tcp', name: 'only', host: '127.0.0.1', port: 1 }];

function start(transport: Transport, clock = createFakeClock(), options: Partial<typeof defaults> = {}) {
  const settings = { ...defaults, ...options };
  return { clock, loop: runOpenLoop(planSchedule(settings), settings, clock, transport) };
}
const defaults = {
  targets,
  ratePerSecond: 1000,
  durationMs: 5,
  warmUpMs: 0,
  timeoutMs: 2000,
  maxInFlight: 1000,
};

describe('a server that freezes for 500 ms once in 1,000 requests', () => {
  const stall = { serviceMs: 0.2, every: 1000, stallMs: 500 };

  test('shows in p99.9, in p90 and in the longest gap of the open loop', async () => {
    const clock = createFakeClock();
    const { loop } = start(createStallingServer(clock, stall), clock, { durationMs: 1000 });
    await clock.run();
    const { latencyMs, longestGap, requests, failed } = summarise((await loop.finished).records);
    expect([requests, failed]).toEqual([1000, 0]);
    expect(latencyMs!.p999).toBeCloseTo(499.2, 0);
    expect(latencyMs!.p90).toBeCloseTo(400.2, 0);
    expect(longestGap!.ms).toBeCloseTo(501, 0);
  });

  test('is missed by a closed loop: p99.9 as if nothing had been', async () => {
    const clock = createFakeClock();
    const closed = runClosedLoop(1000, clock, createStallingServer(clock, stall));
    await clock.run();
    const histogram = countDurations(await closed);
    expect(histogram.count).toBe(1000);
    expect(readPercentile(histogram, 99.9)).toBe(0.2);
  });
});

describe('the open loop', () => {
  test('sends on time though nothing is ever answered', async () => {
    const sentMs: number[] = [];
    const clock = createFakeClock();
    const silent: Transport = {
      send: () => {
        sentMs.push(clock.now());
        return () => {};
      },
    };
    const { loop } = start(silent, clock);
    await clock.run();
    expect(sentMs).toEqual([0, 1, 2, 3, 4]);
    expect((await loop.finished).records.map(({ failure, endedMs }) => [failure, endedMs])).toEqual(
      [2000, 2001, 2002, 2003, 2004].map((endedMs) => ['timeout', endedMs]),
    );
  });

  test('gives up each request that is overdue, and takes no answer for it after that', async () => {
    const clock = createFakeClock();
    const givenUp: number[] = [];
    let sent = 0;
    const late: Transport = {
      send: (_target, done) => {
        const number = sent++;
        clock.at(clock.now() + 3000, () => done(success));
        return () => givenUp.push(number);
      },
    };
    const { loop } = start(late, clock, { durationMs: 3 });
    await clock.run();
    expect(givenUp).toEqual([0, 1, 2]);
    expect((await loop.finished).records.map(({ failure }) => failure)).toEqual(Array(3).fill('timeout'));
  });

  test('times a request from when it was due, not from when a late wake-up sent it', async () => {
    const clock = createFakeClock();
    const instant: Transport = {
      send: (_target, done) => {
        done(success);
        return () => {};
      },
    };
    // Another clock in between that sleeps through the first 10 ms.
    const sleepy = {
      now: clock.now,
      wakeAt: (atMs: number, wake: () => void) => clock.wakeAt(Math.max(atMs, 10), wake),
    };
    const loop = runOpenLoop(planSchedule(defaults), defaults, sleepy, instant);
    await clock.run();
    const { records } = await loop.finished;
    expect(records.map(({ endedMs, intendedMs }) => endedMs - intendedMs)).toEqual([10, 9, 8, 7, 6]);
    expect(summarise(records).ownDelayMs!.worst).toBe(10);
  });

  test('counts what it may not send as failed', async () => {
    const { clock, loop } = start({ send: () => () => {} }, createFakeClock(), { maxInFlight: 2 });
    await clock.run();
    const { failures } = summarise((await loop.finished).records);
    expect(failures).toEqual({ 'too many in flight': 3, timeout: 2 });
  });

  test('stopped, awaits what is in flight and sends nothing more', async () => {
    const clock = createFakeClock();
    const slow: Transport = {
      send: (_target, done) => {
        clock.at(clock.now() + 100, () => done(success));
        return () => {};
      },
    };
    const { loop } = start(slow, clock, { durationMs: 1000 });
    clock.at(1.5, loop.stop);
    await clock.run();
    expect(await loop.finished).toMatchObject({
      records: [{ endedMs: 100 }, { endedMs: 101 }],
      abandoned: 0,
    });
  });

  test('aborted, counts what is in flight as neither failed nor succeeded', async () => {
    const clock = createFakeClock();
    const givenUp: true[] = [];
    const pending: ((answer: Answer) => void)[] = [];
    const silent: Transport = {
      send: (_target, done) => {
        pending.push(done);
        return () => givenUp.push(true);
      },
    };
    const { loop } = start(silent, clock);
    clock.at(2.5, loop.abort);
    await clock.run();
    for (const done of pending) done(success);
    expect(await loop.finished).toEqual({ records: [], abandoned: 3 });
    expect(givenUp).toHaveLength(3);
  });
});
