import type { ProbeRecord } from './record.ts';

/** What the probe's thread tells. */
export type FromWorker =
  | {
      type: 'scheduled' /** On the monotonic clock: when the first counted request is due. */;
      originMs: number;
    }
  | { type: 'finished'; records: ProbeRecord[]; abandoned: number };

/** What the probe's thread is told. */
export type ToWorker = 'stop' | 'abort';
