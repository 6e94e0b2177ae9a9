/** Runs the program as its users do: another process, its real output, its exit code. */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

export const projectDir = join(import.meta.dirname, '../../..');
/** A lab of the end-to-end tests, beside the one the developer may have up: one for each file that runs at the same time. */
export const labDir = join(projectDir, `.kawanan/e2e-${process.env['VITEST_POOL_ID'] ?? '1'}`);
export const clusterFile = join(labDir, 'cluster.yml');

export interface Finished {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  elapsedMs: number;
}

export interface RunOptions {
  timeoutMs?: number;
  /** Asked with all that was printed so far; the process gets `killSignal` once, as soon as it says yes. */
  killWhen?: (printed: string, elapsedMs: number) => boolean;
  /** SIGKILL unless told. */
  killSignal?: NodeJS.Signals;
  env?: Record<string, string>;
  /** What comes on standard input; nothing unless told. */
  input?: string;
}

/** Runs kawanan to its end, or to the moment it is killed. Never throws for an exit code. */
export function runKawanan(args: string[], options: RunOptions = {}): Promise<Finished> {
  mkdirSync(labDir, { recursive: true });
  const startedAt = performance.now();
  const elapsed = (): number => performance.now() - startedAt;
  const child = spawn(join(projectDir, 'bin/kawanan'), args, {
    cwd: projectDir,
    env: { ...process.env, KAWANAN_LAB: labDir, NO_COLOR: '1', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // It may end without reading.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  let stdout = '';
  let stderr = '';
  let killed = false;
  const look = (): void => {
    if (killed || !options.killWhen?.(stdout + stderr, elapsed())) return;
    killed = true;
    child.kill(options.killSignal ?? 'SIGKILL');
  };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    look();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
    look();
  });
  const clock = setInterval(look, 50);
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 600_000);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode, signal) => {
      clearInterval(clock);
      clearTimeout(timer);
      resolve({ exitCode, signal, stdout, stderr, elapsedMs: elapsed() });
    });
  });
}

/** Runs kawanan and throws, with all that it printed, unless it ends as expected. */
export async function expectKawanan(
  args: string[],
  exitCode = 0,
  options: RunOptions = {},
): Promise<Finished> {
  const finished = await runKawanan(args, options);
  if (finished.exitCode === exitCode) return finished;
  const ending = finished.signal ?? `exit code ${finished.exitCode}`;
  throw new Error(
    `kawanan ${args.join(' ')}: ${ending} instead of ${exitCode}\n${finished.stdout}\n${finished.stderr}`,
  );
}
