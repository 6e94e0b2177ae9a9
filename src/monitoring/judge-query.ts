/** Whether a query of a dashboard or an alert sees something, and why where it doesn't. Pure. */
import { explainAbsence, listMetrics } from './metrics-of.ts';

export interface QueryVerdict {
  /** Title of the dashboard; `alerts` or `records` for those of rules. */
  group: string;
  /** Title of the panel, or name of the rule. */
  name: string;
  query: string;
  /** How many series it has now. */
  samples: number;
  /** `empty`: nothing, for a reason that is known; `missing`: nothing, and nobody knows why; `refused`: no valid query. */
  verdict: 'data' | 'empty' | 'missing' | 'refused';
  reason?: string;
}

export interface AskedQuery {
  group: string;
  name: string;
  query: string;
  /** Series, or the words in which Prometheus refused. */
  answer: number | { refused: string };
  /** Why there may be nothing although the metrics are there. An alert that has no series is one that doesn't fire. */
  emptyWhen?: string;
}

/** @param present whether Prometheus has any series of a metric. */
export function judgeQuery(
  { answer, emptyWhen, ...asked }: AskedQuery,
  present: (metric: string) => boolean,
): QueryVerdict {
  if (typeof answer !== 'number') return { ...asked, samples: 0, verdict: 'refused', reason: answer.refused };
  const absent = listMetrics(asked.query).filter((metric) => !present(metric));
  const unexplained = absent.filter((metric) => explainAbsence(metric) === undefined);
  if (unexplained.length > 0)
    return {
      ...asked,
      samples: answer,
      verdict: 'missing',
      reason: `there is no ${unexplained.join(', ')}`,
    };
  if (answer > 0) return { ...asked, samples: answer, verdict: 'data' };
  const reason = absent.map(explainAbsence).find((one) => one !== undefined) ?? emptyWhen;
  if (reason !== undefined) return { ...asked, samples: 0, verdict: 'empty', reason };
  return { ...asked, samples: 0, verdict: 'missing', reason: 'its metrics are there, but nothing matches' };
}
