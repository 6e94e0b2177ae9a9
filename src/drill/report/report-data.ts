/** What a report is made of, as plain data. No I/O here. */
import type { DrillResult } from '../run-drill.ts';

/** A test of the reference's authors beside the same one here. */
export interface ReferenceRow {
  what: string;
  published: string;
  measured: string;
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

/** How a drill came out in an earlier run, in a few words: its verdict where that was another, else its figures. */
export function compareWithEarlier(result: DrillResult, earlier: ReportData['earlier']): string {
  const before = earlier?.results.find(({ name }) => name === result.name);
  if (!before) return earlier ? 'new' : '';
  if (before.verdict !== result.verdict) return `was ${before.verdict}`;
  const [now, then] = [result.probe?.figures, before.probe?.figures];
  if (!now || !then) return '';
  const gap = ({ longestGap }: typeof now): string =>
    longestGap === null ? '' : `, gap ${Math.round(longestGap.ms).toLocaleString('en-US')} ms`;
  return `${then.failed.toLocaleString('en-US')} failed${gap(then)}`;
}
