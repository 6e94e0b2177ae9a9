import { spawn } from 'node:child_process';
import { mkdir, stat } from 'node:fs/promises';
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
    const before = await stat(dir);
    const release = await acquire(dir, options);
    try {
      // Whoever held it may have removed the folder, and a third made it anew: then we hold a lock on nothing.
      const after = await stat(dir).catch(() => undefined);
      if (after?.ino === before.ino) return await work();
    } finally {
      await release();
    }
  }
}

// `cat` gives the line back once `flock` has the lock, and ends when our end of the pipe does.
function acquire(dir: string, { shared = false, progress }: LockOptions): Promise<() => Promise<void>> {
  const child = spawn('flock', [shared ? '--shared' : '--exclusive', dir, 'cat'], {
    env: { PATH: systemPath },
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true, // Ctrl-C at the terminal goes to us alone; the lock is held while we clean up.
  });
  child.stdin.on('error', () => {});
  child.stdin.write('held\n');
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  const release = (): Promise<void> => {
    child.stdin.end();
    return ended;
  };
  return new Promise((done, fail) => {
    const waiting = setTimeout(
      () => progress.report(`waiting for another kawanan that is working on ${dir}`),
      1000,
    );
    const stop = (): void => {
      child.kill();
      fail(new InterruptedError('interrupted'));
    };
    progress.signal.addEventListener('abort', stop, { once: true });
    if (progress.signal.aborted) stop();
    const settle = (): void => {
      clearTimeout(waiting);
      progress.signal.removeEventListener('abort', stop);
    };
    child.once('error', (cause) => {
      settle();
      fail(
        new UserError('the program flock is not installed', { next: 'apt-get install -y util-linux', cause }),
      );
    });
    child.once('close', () => {
      settle();
      fail(new UserError(`could not lock ${dir}`));
    });
    child.stdout.once('data', () => {
      settle();
      done(release);
    });
  });
}
