/**
 * Counts of durations in buckets that grow with the value, as an HDR histogram has them: exact below 2,048 µs, then
 * to 0.1 %. Plain data, so that it can be stored and added up over runs. Pairs of a bucket's least value in µs and
 * its count, ascending; empty buckets are left out.
 */
export interface Histogram {
  unit: 'µs';
  count: number;
  /** Exact. */
  least: number;
  /** Exact. */
  most: number;
  buckets: [lowest: number, count: number][];
}

// 1,024 buckets to each doubling.
const bucketsPerDoubling = 1024;

/** The histogram of durations in milliseconds; negative ones count as 0. */
export function countDurations(durationsMs: Iterable<number>): Histogram {
  const counts = new Map<number, number>();
  let count = 0;
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (const durationMs of durationsMs) {
    const value = Math.max(0, Math.round(durationMs * 1000));
    const lowest = value - (value % bucketWidth(value));
    counts.set(lowest, (counts.get(lowest) ?? 0) + 1);
    count++;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return { unit: 'µs', count, least: count === 0 ? 0 : least, most, buckets: sortBuckets(counts) };
}

/** One histogram of everything that several counted. */
export function addHistograms(histograms: Histogram[]): Histogram {
  const filled = histograms.filter((histogram) => histogram.count > 0);
  const counts = new Map<number, number>();
  for (const [lowest, count] of filled.flatMap((histogram) => histogram.buckets))
    counts.set(lowest, (counts.get(lowest) ?? 0) + count);
  return {
    unit: 'µs',
    count: filled.reduce((sum, histogram) => sum + histogram.count, 0),
    least: filled.length === 0 ? 0 : Math.min(...filled.map((histogram) => histogram.least)),
    most: Math.max(0, ...filled.map((histogram) => histogram.most)),
    buckets: sortBuckets(counts),
  };
}

/**
 * The value in milliseconds that `percent` of what was counted doesn't exceed: the greatest of its bucket.
 * Null when nothing was counted.
 */
export function readPercentile(histogram: Histogram, percent: number): number | null {
  if (histogram.count === 0) return null;
  // 99.9 / 100 * 1000 is a little more than 999 in binary fractions; the rank must not step over for that.
  const rank = Math.max(1, Math.ceil((percent / 100) * histogram.count - 1e-6));
  let seen = 0;
  for (const [lowest, count] of histogram.buckets) {
    seen += count;
    if (seen < rank) continue;
    const highest = lowest + bucketWidth(lowest) - 1;
    return Math.min(Math.max(highest, histogram.least), histogram.most) / 1000;
  }
  return histogram.most / 1000;
}

function bucketWidth(value: number): number {
  return value < 2 * bucketsPerDoubling ? 1 : 2 ** Math.floor(Math.log2(value / bucketsPerDoubling));
}

function sortBuckets(counts: Map<number, number>): [number, number][] {
  return [...counts].sort(([a], [b]) => a - b);
}
