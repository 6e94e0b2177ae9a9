/** What a report is made of, as plain data. No I/O here. */
import type { DrillResult } from '../run-drill.ts';

/** A test of the reference's authors beside the same one here. */
export interface ReferenceRow {
  what: string;
  published: string;
  measured: string;
  remark?: string;
}

export interface ReportData {
  cluster: string;
  /** ISO 8601, when the first drill began. */
  startedAt: string;
  /** The computer that measured, in words. */
  machine: string;
  ratePerSecond: number;
  results: DrillResult[];
  reference?: ReferenceRow[];
  /** A run before this one, to compare with. */
  earlier?: Omit<ReportData, 'earlier'>;
}

/** How a drill came out compared with an earlier run, in a few words. */
export function compareWithEarlier(result: DrillResult, earlier: ReportData['earlier']): string {
  const before = earlier?.results.find(({ name }) => name === result.name);
  if (!before) return earlier ? 'new' : '';
  if (before.verdict !== result.verdict) return `was ${before.verdict}`;
  const [now, then] = [result.probe?.figures, before.probe?.figures];
  if (!now || !then) return '';
  const failed = now.failed - then.failed;
  const gap = Math.round((now.longestGap?.ms ?? 0) - (then.longestGap?.ms ?? 0));
  const sign = (number: number): string => `${number > 0 ? '+' : ''}${number.toLocaleString('en-US')}`;
  return `failed ${sign(failed)}, gap ${sign(gap)} ms`;
}
