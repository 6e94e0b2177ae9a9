import type { Answer } from './run-open-loop.ts';

/** Begins one request to a target; returns what gives it up. */
export type Sender = (done: (answer: Answer) => void) => () => void;

/** What to call a failure: the system's or the library's code, if it has one. */
export function nameFailure(error: unknown): string {
  // A name with several addresses fails with one error for each.
  const first = error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
  const { code, message } = first as { code?: unknown; message?: string };
  return typeof code === 'string' ? code : (message ?? String(first));
}
