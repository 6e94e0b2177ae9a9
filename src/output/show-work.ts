import type { Progress } from '../plan/layer.ts';
import { neutralise, type Terminal } from './terminal.ts';

/** Runs one piece of work, showing what it reports: one moving line on a terminal, plain lines elsewhere. Passes its result and its failure on. */
export async function showWork<T>(
  terminal: Terminal,
  title: string,
  signal: AbortSignal,
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  if (!terminal.interactive) {
    let last: string | undefined;
    const report = (message: string): void => {
      if (message !== last) terminal.err(`${neutralise(message)}\n`);
      last = message;
    };
    return work({ signal, report });
  }
  const { Listr } = await import('listr2');
  let result: { value: T } | undefined;
  const outline = new Listr(
    [
      {
        title,
        task: async (_context, task) => {
          const report = (message: string): void => {
            task.output = neutralise(message);
          };
          result = { value: await work({ signal, report }) };
        },
      },
    ],
    { registerSignalListeners: false, rendererOptions: { showErrorMessage: false } },
  );
  await outline.run();
  return result!.value;
}
