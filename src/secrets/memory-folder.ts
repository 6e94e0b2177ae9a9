/** A folder that is only ever in memory, for plain text that an editor has to see; wiped when it is done with. */
import { closeSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { mkdtemp, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.ts';

// Source: linux/magic.h
const memoryBacked = new Set([0x01021994, 0x858458f6]);

const prefix = 'kawanan-edit-';

/**
 * Makes such a folder, for its owner alone, in the first place that is memory-backed: `$XDG_RUNTIME_DIR`, `/dev/shm`.
 * What a killed run left there is wiped first.
 *
 * @throws UserError where there is none.
 */
export async function createMemoryFolder(env: NodeJS.ProcessEnv): Promise<{ path: string } & Disposable> {
  const candidates = [env['XDG_RUNTIME_DIR'], '/dev/shm'].filter((one) => one !== undefined && one !== '');
  for (const parent of candidates) {
    if (!(await isMemoryBacked(parent!))) continue;
    await wipeLeftovers(parent!);
    const path = await mkdtemp(join(parent!, `${prefix}${process.pid}-`));
    const wipe = (): void => wipeFolder(path);
    // an interrupt that is not waited for ends the process without coming back here
    process.on('exit', wipe);
    return {
      path,
      [Symbol.dispose]: () => {
        process.off('exit', wipe);
        wipe();
      },
    };
  }
  throw new UserError(
    `nothing was opened: no folder is there that is only in memory (asked: ${candidates.join(', ')})`,
    { next: 'the plain text must not reach a disk; change values one by one with kawanan secrets set' },
  );
}

/** Whether what is written there stays in memory (or swap). */
export async function isMemoryBacked(path: string): Promise<boolean> {
  try {
    return memoryBacked.has((await statfs(path)).type);
  } catch {
    return false;
  }
}

/** Overwrites every file below a folder, then removes it all. Not asynchronous: it also runs when the process ends. */
export function wipeFolder(path: string): void {
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) overwrite(join(entry.parentPath, entry.name));
  rmSync(path, { recursive: true, force: true });
}

function overwrite(path: string): void {
  try {
    const { size } = statSync(path);
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(size), 0, size, 0);
    closeSync(file);
  } catch {
    // what can't be written to is removed all the same
  }
}

/** Folders of ours whose process is gone. */
async function wipeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length).split('-')[0]) : Number.NaN;
    if (!Number.isInteger(pid) || isAlive(pid)) continue;
    const path = join(parent, name);
    const { uid } = await stat(path).catch(() => ({ uid: -1 }));
    if (uid === process.getuid?.()) wipeFolder(path);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
