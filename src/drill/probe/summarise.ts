import { countDurations, type Histogram, readPercentile } from './histogram.ts';
import type { ProbeMark, ProbeRecord } from './record.ts';

/** What a set of records comes to. Times in milliseconds; a figure that nothing was measured for is null. */
export interface Figures {
  requests: number;
  succeeded: number;
  failed: number;
  /** Failed among all, 0 to 1. */
  loss: number;
  /** How many of each kind, by name. */
  failures: Record<string, number>;
  /** The longest time in which nothing succeeded, beginning and end included. */
  longestGap: Gap | null;
  /** Of successes, from when each was due until its answer was complete. */
  latencyMs: Spread | null;
  /** Mean difference of latency between a success and the one due next. */
  jitterMs: number | null;
  /** Successes a second. */
  throughputPerSecond: number;
  /** Of the successes' answers. */
  bytesPerSecond: number;
  /** The probe's own part in the latency: how long after it was due a request was sent. */
  ownDelayMs: Spread | null;
  /** The latencies behind `latencyMs`. */
  histogram: Histogram;
}

export interface Gap {
  ms: number;
  fromMs: number;
  toMs: number;
}

export interface Spread {
  least: number;
  mean: number;
  p50: number;
  p90: number;
  p99: number;
  p999: number;
  worst: number;
}

/** The part of a run between two marks. */
export interface Phase {
  /** The mark it begins with; `start` for the first. */
  name: string;
  fromMs: number;
  /** Null for the last. */
  toMs: number | null;
  figures: Figures;
}

/** Figures of the records, in whatever order they come. Pure. */
export function summarise(unordered: ProbeRecord[]): Figures {
  const records = unordered.toSorted((a, b) => a.index - b.index);
  const successes = records.filter((record) => record.failure === null);
  const latencies = successes.map((record) => record.endedMs - record.intendedMs);
  const sent = records.filter((record) => record.startedMs !== null);
  const span = findSpan(records);
  const seconds = span === null ? 0 : (span.toMs - span.fromMs) / 1000;
  const perSecond = (amount: number): number => (seconds > 0 ? amount / seconds : 0);
  const histogram = countDurations(latencies);
  return {
    requests: records.length,
    succeeded: successes.length,
    failed: records.length - successes.length,
    loss: records.length === 0 ? 0 : (records.length - successes.length) / records.length,
    failures: countFailures(records),
    longestGap: span === null ? null : findLongestGap(records, successes, span.fromMs),
    latencyMs: measureSpread(latencies, histogram),
    jitterMs: measureJitter(latencies),
    throughputPerSecond: perSecond(successes.length),
    bytesPerSecond: perSecond(successes.reduce((sum, record) => sum + record.bytes, 0)),
    ownDelayMs: measureSpread(sent.map((record) => record.startedMs! - record.intendedMs)),
    histogram,
  };
}

/** Figures of each group of records, by what `name` says of a record: its target, the server that answered. Pure. */
export function summariseBy(
  records: ProbeRecord[],
  name: (record: ProbeRecord) => string,
): Record<string, Figures> {
  const groups = Map.groupBy(records, name);
  return Object.fromEntries(
    [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([group, members]) => [group, summarise(members)]),
  );
}

/** Figures before and after each mark, by when requests were due. Marks before the first request count as its time. Pure. */
export function summarisePhases(records: ProbeRecord[], marks: ProbeMark[]): Phase[] {
  const starts = [
    { name: 'start', atMs: 0 },
    ...marks.map(({ name, atMs }) => ({ name, atMs: Math.max(0, atMs) })),
  ].sort((a, b) => a.atMs - b.atMs);
  return starts.map(({ name, atMs }, place) => {
    const toMs = starts[place + 1]?.atMs ?? null;
    const within = records.filter(
      ({ intendedMs }) => intendedMs >= atMs && (toMs === null || intendedMs < toMs),
    );
    return { name, fromMs: atMs, toMs, figures: summarise(within) };
  });
}

function findSpan(records: ProbeRecord[]): { fromMs: number; toMs: number } | null {
  if (records.length === 0) return null;
  const fromMs = records.reduce((first, { intendedMs }) => Math.min(first, intendedMs), Infinity);
  return { fromMs, toMs: records.reduce((last, { endedMs }) => Math.max(last, endedMs), fromMs) };
}

/** A request that hangs from long ago until after the last success says nothing of the time in between: others were answered. */
function findLongestGap(records: ProbeRecord[], successes: ProbeRecord[], firstDueMs: number): Gap {
  const moments = successes.map((record) => record.endedMs).sort((a, b) => a - b);
  const lastMs = moments.at(-1) ?? firstDueMs;
  const unanswered = records.filter(({ intendedMs }) => intendedMs >= lastMs).map(({ endedMs }) => endedMs);
  let longest: Gap = { ms: 0, fromMs: firstDueMs, toMs: firstDueMs };
  let fromMs = firstDueMs;
  for (const toMs of [...moments, Math.max(lastMs, ...unanswered)]) {
    if (toMs - fromMs > longest.ms) longest = { ms: toMs - fromMs, fromMs, toMs };
    fromMs = toMs;
  }
  return longest;
}

function countFailures(records: ProbeRecord[]): Record<string, number> {
  const groups = Map.groupBy(records, (record) => record.failure);
  groups.delete(null);
  return Object.fromEntries(
    [...groups]
      .map(([failure, members]) => [failure!, members.length] as const)
      .sort(([nameA, a], [nameB, b]) => b - a || (nameA < nameB ? -1 : 1)),
  );
}

function measureJitter(latencies: number[]): number | null {
  if (latencies.length < 2) return null;
  const differences = latencies.slice(1).map((latency, place) => Math.abs(latency - latencies[place]!));
  return differences.reduce((sum, difference) => sum + difference, 0) / differences.length;
}

function measureSpread(valuesMs: number[], histogram = countDurations(valuesMs)): Spread | null {
  if (histogram.count === 0) return null;
  return {
    least: histogram.least / 1000,
    mean: valuesMs.reduce((sum, value) => sum + value, 0) / valuesMs.length,
    p50: readPercentile(histogram, 50)!,
    p90: readPercentile(histogram, 90)!,
    p99: readPercentile(histogram, 99)!,
    p999: readPercentile(histogram, 99.9)!,
    worst: histogram.most / 1000,
  };
}
