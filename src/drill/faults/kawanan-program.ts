/** kawanan as a program of its own, as its users run it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import type { Stage } from '../stage.ts';

const program = join(import.meta.dirname, '../../cli.ts');

/** What a run that ended otherwise than it should had to say. */
export function explainFailure(args: string[], exitCode: number | null, printed: string): UserError {
  return new UserError(
    `kawanan ${args.join(' ')} ended with ${exitCode === null ? 'a signal' : `exit code ${exitCode}`}`,
    {
      details: lastLines(printed),
      next: 'run it by itself to see all of it',
    },
  );
}

/** Of what was printed, as details of an error. */
export function lastLines(printed: string): string[] {
  return printed.trim().split('\n').slice(-8);
}

/** No command of a drill takes longer; one that does hangs, and must not keep the drills that follow from running. */
const patienceMs = 600_000;

/**
 * Runs a command line to its end; `look` is shown everything printed so far, each time there is more. One that hangs is
 * killed.
 */
export function runProgram(
  args: string[],
  { clusterFile, signal }: Pick<Stage, 'clusterFile' | 'signal'>,
  look: (printed: string, kill: () => void) => void = () => {},
): Promise<{ exitCode: number | null; printed: string }> {
  return new Promise((resolve, reject) => {
    // The drill has a load of its own.
    const child = spawn(process.execPath, [program, ...args, '--no-receipt', '--file', clusterFile], {
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    const read = (chunk: string): void => {
      printed += chunk;
      look(printed, () => child.kill('SIGKILL'));
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    const stop = (): void => void child.kill('SIGTERM');
    signal.addEventListener('abort', stop, { once: true });
    const hangs = setTimeout(() => {
      printed += `\nkilled after ${patienceMs / 60_000} minutes\n`;
      child.kill('SIGKILL');
    }, patienceMs);
    child.on('error', reject);
    child.on('close', (exitCode) => {
      signal.removeEventListener('abort', stop);
      clearTimeout(hangs);
      resolve({ exitCode, printed });
    });
  });
}
