/** What stands behind an objective that was missed, from what was seen. Pure. */
import { formatCount } from '../../output/format.ts';
import type { ProbeRecord } from '../probe/record.ts';
import { summarise, summariseBy } from '../probe/summarise.ts';
import type { TimelineEvent } from '../timeline/event.ts';

/** More events than these would be the timeline over again. */
const toldEvents = 4;

/** Which targets failed and how, and what happened in the longest gap: a line each. */
export function explainMiss(records: ProbeRecord[], timeline: readonly TimelineEvent[]): string[] {
  const failed = Object.entries(summariseBy(records, ({ target }) => target)).filter(
    ([, one]) => one.failed > 0,
  );
  const targets = failed.map(([target, one]) => {
    const kinds = Object.entries(one.failures).map(
      ([kind, count]) => `${count.toLocaleString('en-US')} ${kind}`,
    );
    return `${target}: ${one.failed} of ${one.requests} failed (${kinds.join(', ')})`;
  });
  const gap = summarise(records).longestGap;
  if (gap === null || gap.ms < shortestGapMs) return targets;
  // What ended the gap may be seen a moment after it.
  const within = timeline.filter(
    ({ atMs, kind }) => kind !== 'probe' && atMs >= gap.fromMs - 100 && atMs <= gap.toMs + 100,
  );
  const told = within.slice(0, toldEvents).map(({ host, text }) => `${host ?? 'here'}: ${text}`);
  const more =
    within.length > toldEvents ? [`and ${formatCount(within.length - toldEvents, 'more event')}`] : [];
  const when = `no success from ${(gap.fromMs / 1000).toFixed(2)} to ${(gap.toMs / 1000).toFixed(2)} s`;
  return [...targets, `${when}; meanwhile ${[...told, ...more].join('; ') || 'nothing that anybody told'}`];
}

/** Shorter ones are no more than the time between two requests. */
const shortestGapMs = 50;
