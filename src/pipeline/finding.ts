import { formatPlace, type Problem, UserError } from '../errors.ts';

/** What doctor could do about a finding, once it is asked to. */
export type Mend =
  | { kind: 'restart-unit'; host: string; unit: string }
  /** `service` as the compose file calls it: its tasks are made anew, one after the other by its update rules. */
  | { kind: 'restart-service'; service: string };

export interface Finding {
  /** `broken`: a run would fail, or the service does not answer. `warning`: it works, but not as well as it could. */
  verdict: 'ok' | 'warning' | 'broken';
  /** `files`, `network`, the name of a node, a frontend, a service on a node. */
  about: string;
  message: string;
  /** What was seen, a line each. */
  evidence?: string[];
  next?: string;
  mend?: Mend;
}

/** A mend in words: `restart haproxy.service on vm-loadbalancer1`. */
export function describeMend(mend: Mend): string {
  return mend.kind === 'restart-unit'
    ? `restart ${mend.unit} on ${mend.host}`
    : `make the tasks of ${mend.service} anew, one after the other`;
}

/** What is wrong with a file, as a finding. */
export function findProblem(problem: Problem): Finding {
  const place = formatPlace(problem);
  const message = place === '' ? problem.message : `${place}: ${problem.message}`;
  return {
    verdict: 'broken',
    about: 'files',
    message,
    ...(problem.next !== undefined && { next: problem.next }),
  };
}

/** A failure that says what happened, as a finding; throws what is no `UserError`. */
export function explainFailure(about: string, error: unknown): Finding {
  if (!(error instanceof UserError)) throw error;
  const { next } = error;
  const message = [error.message, ...error.details].join('; ');
  return { verdict: 'broken', about, message, ...(next !== undefined && { next }) };
}
