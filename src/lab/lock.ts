import { spawn } from 'node:child_process';
import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { InterruptedError, UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import { systemPath } from './run-local.ts';

export interface LockOptions {
  /** Several may hold a shared lock, but nobody together with an exclusive one. */
  shared?: boolean;
  progress: Progress;
}

/**
 * Runs `work` while holding a lock between processes on a folder, which is made when missing.
 * The lock ends with this process, however it ends, and leaves no file behind.
 */
export async function withLock<T>(dir: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  for (;;) {
    await mkdir(dir, { recursive: true });
    const folder = await open(dir, 'r').catch(ignoreMissing);
    if (!folder) continue;
    try {
      await lock(folder, dir, options);
      // Whoever held it may have removed the folder, and a third made it anew: then ours is a lock on nothing.
      const now = await stat(dir).catch(ignoreMissing);
      if (now?.ino === (await folder.stat()).ino) return await work();
    } finally {
      await folder.close();
    }
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

// `flock` locks the open folder it is handed and ends; the lock stays with the folder, which we keep open.
async function lock(
  folder: FileHandle,
  dir: string,
  { shared = false, progress }: LockOptions,
): Promise<void> {
  const child = spawn('flock', [shared ? '--shared' : '--exclusive', '3'], {
    env: { PATH: systemPath },
    stdio: ['ignore', 'ignore', 'inherit', folder.fd],
  });
  const waiting = setTimeout(
    () => progress.report(`waiting for another kawanan that is working on ${dir}`),
    1000,
  );
  const stop = (): void => void child.kill('SIGKILL');
  progress.signal.addEventListener('abort', stop, { once: true });
  if (progress.signal.aborted) stop();
  try {
    const exitCode = await new Promise<number | null>((done, fail) => {
      child.once('error', fail);
      child.once('close', done);
    });
    if (progress.signal.aborted) throw new InterruptedError('interrupted');
    if (exitCode !== 0) throw new UserError(`could not lock ${dir}`);
  } finally {
    clearTimeout(waiting);
    progress.signal.removeEventListener('abort', stop);
  }
}
