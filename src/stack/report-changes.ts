import type { Progress } from '../plan/layer.ts';

/** Reports a message only when it differs from the last: four looks a second need not be four lines of a log. */
export function reportChanges(progress: Progress): (message: string) => void {
  let last: string | undefined;
  return (message) => {
    if (message !== last) progress.report(message);
    last = message;
  };
}
