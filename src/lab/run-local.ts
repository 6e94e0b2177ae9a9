import { spawn } from 'node:child_process';
import { InterruptedError, UserError } from '../errors.ts';

export interface RunLocalOptions {
  stdin?: string | Uint8Array;
  /** Exit codes that are answers rather than failures; `[0]` unless told. */
  accept?: number[];
  /** Killed after this long; 60,000 unless told. */
  timeoutMs?: number;
  env?: Record<string, string>;
  cwd?: string;
  signal?: AbortSignal;
  /** Called with each line of standard output as it comes. */
  onLine?: (line: string) => void;
  /** Dies with us, children and mounts included, even when we are killed. For long jobs that write files. */
  bound?: boolean;
}

export interface LocalResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** How programs find each other when a user's PATH lacks the system folders, as Debian's does for those who aren't root. */
export const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

// The process namespace dies with its first process, and that one with us: nothing is left writing when we are killed.
const boundWords = [
  'setpriv',
  '--pdeathsig',
  'KILL',
  'unshare',
  '--mount',
  '--pid',
  '--fork',
  '--kill-child=SIGKILL',
];

/**
 * Runs a program of this computer, without a shell.
 * @throws UserError with the program, its exit code and the last lines it printed, unless the exit code is accepted.
 */
export async function runLocal(
  program: string,
  args: string[],
  options: RunLocalOptions = {},
): Promise<LocalResult> {
  const { accept = [0], timeoutMs = 60_000, signal } = options;
  const words = [...(options.bound ? boundWords : []), program, ...args];
  const child = spawn(words[0]!, words.slice(1), {
    cwd: options.cwd ?? '/',
    env: { PATH: systemPath, LC_ALL: 'C', HOME: '/root', ...options.env },
    stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  const stdout: string[] = [];
  const stderr: string[] = [];
  collect(child.stdout!, stdout, options.onLine);
  collect(child.stderr!, stderr);
  if (options.stdin !== undefined) {
    child.stdin!.on('error', () => {}); // It may end without reading all; its exit code says whether that matters.
    child.stdin!.end(options.stdin);
  }
  let timedOut = false;
  const stop = (): void => {
    child.kill('SIGKILL');
    // What it started may live on and hold its output open: that is no reason to wait.
    child.stdout!.destroy();
    child.stderr!.destroy();
  };
  const timer = setTimeout(() => {
    timedOut = true;
    stop();
  }, timeoutMs);
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  try {
    const exitCode = await new Promise<number>((done, fail) => {
      child.once('error', fail);
      child.once('close', (code) => done(code ?? -1));
    });
    if (signal?.aborted) throw new InterruptedError('interrupted');
    if (!timedOut && accept.includes(exitCode))
      return { exitCode, stdout: stdout.join(''), stderr: stderr.join('') };
    const ended = timedOut ? `did not end within ${timeoutMs / 1000} s` : `ended with exit code ${exitCode}`;
    throw new UserError(`${[program, ...args].join(' ')} ${ended}`, {
      details: lastLines(stderr.join('') || stdout.join(''), 10),
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new UserError(`the program ${words[0]} is not installed`, { cause: error });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}

/** Whether a program ends well; its output is not wanted. */
export async function succeedsLocal(program: string, args: string[]): Promise<boolean> {
  return (await runLocal(program, args, { accept: allCodes })).exitCode === 0;
}

/** For programs whose every exit code is an answer. */
export const allCodes: number[] = Array.from({ length: 256 }, (_, code) => code);

export function lastLines(text: string, count: number): string[] {
  return text.trimEnd().split('\n').slice(-count);
}

function collect(stream: NodeJS.ReadableStream, into: string[], onLine?: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    into.push(text);
    if (!onLine) return;
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) onLine(line);
  });
}
