/** What the page of `kawanan dashboard` shows of the past, where Prometheus keeps it. Pure. */
import { memoryByNode, processorsByNode } from './dashboards/shared-queries.ts';

export const historySpanSeconds = 3_600;
export const historyStepSeconds = 30;

export interface HistoryQuery {
  title: string;
  /** What the figure counts, beneath it. */
  says: string;
  /** How a number is written: as it is, as a share of 1, or as a time in seconds. */
  unit: 'count' | 'share' | 'seconds';
  /** PromQL, of one series at most. */
  expr: string;
}

/** The charts, in their order. */
export const historyQueries: readonly HistoryQuery[] = [
  {
    title: 'Requests',
    says: 'a second, all frontends',
    unit: 'count',
    expr: 'sum(kawanan:frontend_requests:rate30s) or sum(rate(nginx_http_requests_total[30s]))',
  },
  {
    title: 'Errors',
    says: 'of the answers of the worst frontend',
    unit: 'share',
    // where nobody sends requests nothing fails
    expr: 'max(kawanan:frontend_errors:ratio1m) or max(kawanan:frontend_requests:rate30s) * 0',
  },
  {
    title: 'Front door',
    says: 'ms, the slowest frontend as clients see it',
    unit: 'seconds',
    expr: 'max(probe_duration_seconds{job="frontdoor"})',
  },
  {
    title: 'Processors',
    says: 'in use, the busiest machine',
    unit: 'share',
    expr: `max(${processorsByNode})`,
  },
  {
    title: 'Memory',
    says: 'in use, the fullest machine',
    unit: 'share',
    expr: `max(${memoryByNode})`,
  },
];

/** The form of `/api/v1/query_range` for the span that ends then (Unix seconds). */
export function renderRangeForm(expr: string, endSeconds: number): string {
  return new URLSearchParams({
    query: expr,
    start: String(endSeconds - historySpanSeconds),
    end: String(endSeconds),
    step: String(historyStepSeconds),
  }).toString();
}

/** The points of the first series of such an answer, oldest first, one a step; null where there was nothing. */
export function readRange(data: unknown, endSeconds: number): (number | null)[] {
  const { result } = data as { result: { values: [time: number, value: string][] }[] };
  const points: (number | null)[] = Array(historySpanSeconds / historyStepSeconds + 1).fill(null);
  for (const [time, text] of result[0]?.values ?? []) {
    const index = points.length - 1 - Math.round((endSeconds - time) / historyStepSeconds);
    const value = Number(text);
    if (index >= 0 && index < points.length && Number.isFinite(value)) points[index] = value;
  }
  return points;
}
