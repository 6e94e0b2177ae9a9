/** What stands behind an objective that was missed, from what was seen. Pure. */
import { formatCount } from '../../output/format.ts';
import type { ProbeRecord } from '../probe/record.ts';
import { summarise, summariseBy } from '../probe/summarise.ts';
import type { TimelineEvent } from '../timeline/event.ts';

/** More events than these would be the timeline over again. */
const toldEvents = 4;

/** How busy the computer was that measured: a late answer may be its doing. */
export interface Computer {
  /** Load average of the last minute. */
  load: number;
  cores: number;
}

/** Which targets failed and how, what happened in the longest gap, and whether the computer was too busy to tell: a line each. */
export function explainMiss(
  records: ProbeRecord[],
  timeline: readonly TimelineEvent[],
  { struckMs, computer }: { struckMs: number; computer: Computer },
): string[] {
  return [
    ...explainFailures(records),
    ...explainGap(records, timeline),
    ...explainLoad(records, struckMs, computer),
  ];
}

function explainFailures(records: ProbeRecord[]): string[] {
  const failed = Object.entries(summariseBy(records, ({ target }) => target)).filter(
    ([, one]) => one.failed > 0,
  );
  return failed.map(([target, one]) => {
    const kinds = Object.entries(one.failures).map(
      ([kind, count]) => `${count.toLocaleString('en-US')} ${kind}`,
    );
    return `${target}: ${one.failed} of ${one.requests} failed (${kinds.join(', ')})`;
  });
}

function explainGap(records: ProbeRecord[], timeline: readonly TimelineEvent[]): string[] {
  const gap = summarise(records).longestGap;
  if (gap === null || gap.ms < shortestGapMs) return [];
  // What ended the gap may be seen a moment after it.
  const within = timeline.filter(
    ({ atMs, kind }) => kind !== 'probe' && atMs >= gap.fromMs - 100 && atMs <= gap.toMs + 100,
  );
  const told = within.slice(0, toldEvents).map(({ host, text }) => `${host ?? 'here'}: ${text}`);
  const more =
    within.length > toldEvents ? [`and ${formatCount(within.length - toldEvents, 'more event')}`] : [];
  const when = `no success from ${(gap.fromMs / 1000).toFixed(2)} to ${(gap.toMs / 1000).toFixed(2)} s`;
  return [`${when}; meanwhile ${[...told, ...more].join('; ') || 'nothing that anybody told'}`];
}

function explainLoad(records: ProbeRecord[], struckMs: number, { load, cores }: Computer): string[] {
  if (load <= cores * busyPerCore) return [];
  const before = summarise(records.filter(({ endedMs }) => endedMs < struckMs)).longestGap;
  const already =
    before === null ? '' : `; the longest gap was ${Math.round(before.ms)} ms before anything was broken`;
  return [`this computer was busy: load ${load.toFixed(1)} on ${formatCount(cores, 'core')}${already}`];
}

/** Shorter ones are no more than the time between two requests. */
const shortestGapMs = 50;
/** The lab and the load alone stay below this. */
const busyPerCore = 3;
