import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { UserError } from '../../errors.ts';
import { checkOptions } from './check-options.ts';
import { monotonicMs } from './monotonic.ts';
import type { ProbeOptions, ProbeSettings } from './options.ts';
import type { ProbeMark, ProbeRecord } from './record.ts';
import { type Figures, type Phase, summarise, summariseBy, summarisePhases } from './summarise.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

/** A run that is under way. */
export interface Probe {
  /** Resolves when the first counted request is due, the warm-up over. */
  started: Promise<void>;
  /** Resolves when the whole duration has been sent and answered, or after `stop` or the signal. */
  finished: Promise<ProbeResult>;
  /** Notes that something happens now; figures are given for before and after it. */
  mark(name: string): void;
  /** Sends nothing more, awaits what is in flight (`timeoutMs` at most) and gives the result. */
  stop(): Promise<ProbeResult>;
}

/** What a run measured. Plain data: it can be stored as JSON. */
export interface ProbeResult {
  /** Wall clock, ISO 8601: when the first counted request was due. */
  startedAt: string;
  ratePerSecond: number;
  timeoutMs: number;
  figures: Figures;
  byTarget: Record<string, Figures>;
  /** Between the marks; a single one when there are none. */
  phases: Phase[];
  marks: ProbeMark[];
  /** The counted requests, as they were due. */
  records: ProbeRecord[];
  /** Requests of the warm-up and how many of them failed; they are in none of the figures. */
  warmUp: { requests: number; failed: number };
  /** The probe ran with real-time priority, as it does for root on Linux. */
  realTime: boolean;
  /** The signal ended it before its time. */
  interrupted: boolean;
  /** In flight when the signal came, and so neither succeeded nor failed. */
  abandoned: number;
}

/**
 * Starts sending, in a thread of its own. When the signal aborts, the result is what was measured until then.
 * @throws InputError when the options are wrong or beyond the limits
 */
export function startProbe(options: ProbeOptions, { signal }: { signal?: AbortSignal } = {}): Probe {
  const settings = checkOptions(options);
  const marks: ProbeMark[] = [];
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: settings });
  const tell = (order: ToWorker): void => worker.postMessage(order);
  const abort = (): void => tell('abort');
  const scheduled = Promise.withResolvers<number>();
  const finished = Promise.withResolvers<ProbeResult>();

  let originMs = 0;
  let realTime = false;
  worker.on('message', (message: FromWorker) => {
    if (message.type === 'scheduled') {
      ({ originMs, realTime } = message);
      scheduled.resolve(originMs);
      return;
    }
    const { records, abandoned } = message;
    const interrupted = signal?.aborted === true;
    const inRunTime = marks.map(({ name, atMs }) => ({ name, atMs: atMs - originMs }));
    const run = { records, abandoned, interrupted, realTime, marks: inRunTime };
    finished.resolve(describeRun(settings, toWallClock(originMs), run));
    void worker.terminate();
  });
  const fail = (cause: unknown): void => {
    const error = new UserError('The probe ended before its time', { cause });
    scheduled.reject(error);
    finished.reject(error);
  };
  worker.on('error', fail);
  worker.on('exit', (code) => {
    signal?.removeEventListener('abort', abort);
    fail(`exit code ${code}`);
  });
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();

  const started = scheduled.promise.then(async (dueMs) => {
    // Stopped in the warm-up, it will never be due.
    await Promise.race([
      sleep(Math.max(0, dueMs - monotonicMs()), undefined, { ref: false }),
      finished.promise,
    ]);
  });
  // Who awaits only one of the two must not be ended by the other.
  started.catch(() => {});
  finished.promise.catch(() => {});
  return {
    started,
    finished: finished.promise,
    mark: (name) => {
      marks.push({ name, atMs: monotonicMs() });
    },
    stop: () => {
      tell('stop');
      return finished.promise;
    },
  };
}

interface Run {
  records: ProbeRecord[];
  abandoned: number;
  interrupted: boolean;
  realTime: boolean;
  marks: ProbeMark[];
}

function describeRun(settings: ProbeSettings, startedAt: string, run: Run): ProbeResult {
  const warmUp = run.records.filter((record) => record.intendedMs < 0);
  const records = run.records.slice(warmUp.length);
  return {
    startedAt,
    ratePerSecond: settings.ratePerSecond,
    timeoutMs: settings.timeoutMs,
    figures: summarise(records),
    byTarget: summariseBy(records, (record) => record.target),
    phases: summarisePhases(records, run.marks),
    marks: run.marks,
    records,
    warmUp: { requests: warmUp.length, failed: warmUp.filter(({ failure }) => failure !== null).length },
    realTime: run.realTime,
    interrupted: run.interrupted,
    abandoned: run.abandoned,
  };
}

function toWallClock(atMs: number): string {
  return new Date(Date.now() + (atMs - monotonicMs())).toISOString();
}
