import type { ProbeRecord } from '../probe/record.ts';

/** What happened to the requests that were due within one stretch of time. Times in milliseconds. */
export interface Bucket {
  fromMs: number;
  median: number | null;
  worst: number | null;
  failed: number;
}

/** Requests by when they were due, `widthMs` a bucket; a chart of a minute has 600 points and not 12,000. Pure. */
export function bucketRecords(records: ProbeRecord[], widthMs: number): Bucket[] {
  const groups = Map.groupBy(records, ({ intendedMs }) => Math.floor(intendedMs / widthMs));
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([number, members]) => {
      const latencies = members
        .filter(({ failure }) => failure === null)
        .map(({ endedMs, intendedMs }) => endedMs - intendedMs)
        .sort((a, b) => a - b);
      return {
        fromMs: number * widthMs,
        median: latencies[Math.floor(latencies.length / 2)] ?? null,
        worst: latencies.at(-1) ?? null,
        failed: members.length - latencies.length,
      };
    });
}
