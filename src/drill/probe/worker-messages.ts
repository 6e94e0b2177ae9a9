import type { ProbeRecord } from './record.ts';

/** What the probe's thread tells. */
export type FromWorker =
  | {
      type: 'scheduled';
      /** On the monotonic clock: when the first counted request is due. */
      originMs: number;
      /** The thread has real-time priority. */
      realTime: boolean;
    }
  | { type: 'finished'; records: ProbeRecord[]; abandoned: number };

/** What the probe's thread is told. */
export type ToWorker = 'stop' | 'abort';
