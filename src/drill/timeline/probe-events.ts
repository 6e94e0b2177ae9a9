import type { ProbeRecord } from '../probe/record.ts';
import type { TimelineEvent } from './event.ts';

/** Failures that follow each other within this time are told as one. */
const togetherMs = 250;

/** What the probe noticed, bursts of failures in one line each. Pure. */
export function describeFailures(records: ProbeRecord[]): TimelineEvent[] {
  const failed = records.filter(({ failure }) => failure !== null).toSorted((a, b) => a.endedMs - b.endedMs);
  const bursts: ProbeRecord[][] = [];
  for (const record of failed) {
    const last = bursts.at(-1);
    if (last && record.endedMs - last.at(-1)!.endedMs <= togetherMs) last.push(record);
    else bursts.push([record]);
  }
  return bursts.map((burst) => {
    const kinds = Map.groupBy(burst, ({ failure, target }) => `${failure} (${target})`);
    const first = burst[0]!;
    const spanMs = Math.round(burst.at(-1)!.endedMs - first.endedMs);
    return {
      atMs: first.endedMs,
      kind: 'probe' as const,
      text: `${burst.length === 1 ? '1 request failed' : `${burst.length} requests failed within ${spanMs} ms`}: ${[...kinds].map(([kind, members]) => `${members.length} ${kind}`).join(', ')}`,
    };
  });
}
