import type { ProbeSettings } from './options.ts';
import type { ProbeRecord } from './record.ts';
import type { Schedule } from './schedule.ts';

/** Time of a run, in milliseconds since the first counted request is due. */
export interface Clock {
  now(): number;
  /** Calls `wake` once, at that time or as soon after it as can be; a new call takes the place of the last. */
  wakeAt(atMs: number, wake: () => void): void;
}

/** What came of a request, as the network tells it. */
export type Answer = Pick<ProbeRecord, 'failure' | 'status' | 'server' | 'bytes'>;

/** Sends requests. */
export interface Transport {
  /**
   * Begins a request to the target at that place; never throws, never waits. `done` is called once, unless the
   * request is given up before: that is what the returned function does.
   */
  send(target: number, done: (answer: Answer) => void): () => void;
}

export interface OpenLoop {
  /** Every record, in order of the schedule, once the last is settled. */
  finished: Promise<{ records: ProbeRecord[]; abandoned: number }>;
  /** Sends nothing more; what is in flight is awaited. */
  stop(): void;
  /** Gives up what is in flight; it is counted as abandoned and has no record. */
  abort(): void;
}

interface InFlight {
  index: number;
  startedMs: number;
  giveUp: () => void;
}

/**
 * Sends each request when it is due, whatever became of those before it, and times it from when it was due.
 * Ends when everything sent is answered or `timeoutMs` old.
 */
export function runOpenLoop(
  schedule: Schedule,
  settings: Pick<ProbeSettings, 'targets' | 'timeoutMs' | 'maxInFlight'>,
  clock: Clock,
  transport: Transport,
): OpenLoop {
  const { targets, timeoutMs, maxInFlight } = settings;
  const records: ProbeRecord[] = [];
  // In the order they were sent, which is that of their deadlines.
  const inFlight = new Map<number, InFlight>();
  const { promise: finished, resolve } = Promise.withResolvers<Awaited<OpenLoop['finished']>>();
  let next = 0;
  let end = schedule.count;
  let abandoned = 0;

  function settle(index: number, startedMs: number | null, endedMs: number, answer: Answer): void {
    const target = targets[schedule.target(index)]!.name;
    records.push({ index, target, intendedMs: schedule.intendedMs(index), startedMs, endedMs, ...answer });
  }

  function send(index: number): void {
    if (inFlight.size >= maxInFlight) {
      settle(index, null, clock.now(), { ...nothing, failure: 'too many in flight' });
      return;
    }
    const request: InFlight = { index, startedMs: clock.now(), giveUp: () => {} };
    inFlight.set(index, request);
    request.giveUp = transport.send(schedule.target(index), (answer) => {
      if (!inFlight.delete(index)) return;
      settle(index, request.startedMs, clock.now(), answer);
      finishWhenSettled();
    });
  }

  function giveUpOverdue(): void {
    for (const { index, startedMs, giveUp } of inFlight.values()) {
      const now = clock.now();
      if (startedMs + timeoutMs > now) return;
      inFlight.delete(index);
      settle(index, startedMs, now, { ...nothing, failure: 'timeout' });
      giveUp();
    }
  }

  function finishWhenSettled(): void {
    if (next < end || inFlight.size > 0) return;
    resolve({ records: records.sort((a, b) => a.index - b.index), abandoned });
  }

  function tick(): void {
    while (next < end && schedule.intendedMs(next) <= clock.now()) send(next++);
    giveUpOverdue();
    finishWhenSettled();
    const [oldest] = inFlight.values();
    const nextDueMs = next < end ? schedule.intendedMs(next) : Infinity;
    const wakeMs = Math.min(nextDueMs, oldest === undefined ? Infinity : oldest.startedMs + timeoutMs);
    if (wakeMs < Infinity) clock.wakeAt(wakeMs, tick);
  }

  clock.wakeAt(schedule.intendedMs(0), tick);
  return {
    finished,
    stop: () => {
      end = next;
      finishWhenSettled();
    },
    abort: () => {
      end = next;
      abandoned += inFlight.size;
      const givenUp = [...inFlight.values()];
      inFlight.clear();
      for (const { giveUp } of givenUp) giveUp();
      finishWhenSettled();
    },
  };
}

const nothing = { status: null, server: null, bytes: 0 };
