/** Reads what Prometheus' HTTP API answers (`/api/v1`). Pure. */
import { UserError } from '../errors.ts';

export interface TargetState {
  job: string;
  /** What it is called: a machine, a task, a frontend. */
  instance: string;
  /** The machine it is on, where it is on one. */
  node?: string;
  state: 'up' | 'down' | 'unknown';
  /** Why it is down. */
  error?: string;
  /** RFC 3339; absent before the first. */
  askedAt?: string;
}

export interface AlertState {
  name: string;
  /** `pending` until it has lasted as long as the rule says. */
  state: 'pending' | 'firing';
  severity: string;
  summary: string;
  /** Where it is told what to do. */
  runbook: string;
  /** RFC 3339. */
  since: string;
}

interface RawTarget {
  labels: Record<string, string>;
  health: string;
  lastError: string;
  lastScrape: string;
}
interface RawAlert {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  state: string;
  activeAt: string;
}

/** The body of an answer. @throws UserError in Prometheus' words. */
export function parseAnswer(body: string): unknown {
  let answer: { status?: string; data?: unknown; error?: string };
  try {
    answer = JSON.parse(body) as typeof answer;
  } catch {
    throw new UserError(`Prometheus answers with no JSON: ${body.trim().slice(0, 200) || 'nothing'}`, {
      next: '`docker service logs monitoring_prometheus` on a manager tells more',
    });
  }
  if (answer.status === 'success') return answer.data;
  throw new UserError(`Prometheus refuses: ${answer.error ?? 'without a reason'}`, {
    next: 'mend the query: `kawanan monitor panels` has many that work',
  });
}

/** Of `/api/v1/targets`, by job and instance. */
export function readTargets(data: unknown): TargetState[] {
  const { activeTargets } = data as { activeTargets: RawTarget[] };
  return activeTargets
    .map(({ labels, health, lastError, lastScrape }): TargetState => {
      const { job = '', instance = '', node } = labels;
      const asked = lastScrape !== '' && !lastScrape.startsWith('0001');
      return {
        job,
        instance,
        ...(node !== undefined && { node }),
        state: health === 'up' || health === 'down' ? health : 'unknown',
        ...(lastError !== '' && { error: lastError }),
        ...(asked && { askedAt: lastScrape }),
      };
    })
    .toSorted((a, b) => `${a.job} ${a.instance}`.localeCompare(`${b.job} ${b.instance}`, 'en'));
}

/** Of `/api/v1/alerts`, those that fire first. */
export function readAlerts(data: unknown): AlertState[] {
  const { alerts } = data as { alerts: RawAlert[] };
  return alerts
    .map(({ labels, annotations, state, activeAt }): AlertState => {
      return {
        name: labels['alertname'] ?? '',
        state: state === 'firing' ? 'firing' : 'pending',
        severity: labels['severity'] ?? '',
        summary: annotations['summary'] ?? '',
        runbook: annotations['runbook'] ?? '',
        since: activeAt,
      };
    })
    .toSorted((a, b) => `${a.state} ${a.name}`.localeCompare(`${b.state} ${b.name}`, 'en'));
}

export interface Series {
  labels: Record<string, string>;
  /** May be infinite or no number, which JSON has as null. */
  value: number;
}

/** Of an answer of `/api/v1/query`: a value for each series; the last one of a range. */
export function readSeries(data: unknown): Series[] {
  type Point = [time: number, value: string];
  const { resultType, result } = data as {
    resultType: string;
    result: { metric: Record<string, string>; value?: Point; values?: Point[] }[] | Point;
  };
  if (resultType === 'scalar' || resultType === 'string')
    return [{ labels: {}, value: readNumber((result as Point)[1]) }];
  return (result as { metric: Record<string, string>; value?: Point; values?: Point[] }[]).map(
    ({ metric, value, values }) => ({ labels: metric, value: readNumber((value ?? values?.at(-1))?.[1]) }),
  );
}

/** As Prometheus writes it: `1.5`, `+Inf`, `NaN`. */
function readNumber(text: string | undefined): number {
  return Number(text?.replace(/Inf$/, 'Infinity'));
}

/** How many series an answer of `/api/v1/query` has. */
export function countSamples(data: unknown): number {
  return readSeries(data).length;
}
