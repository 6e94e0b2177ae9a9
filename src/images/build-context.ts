/**
 * A build context as a tar stream that depends on nothing but the files' names, contents and whether they may be
 * executed: sorted, without times, owners and umasks. The same files give the same bytes on every computer.
 */
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Header, type Pack, pack } from 'tar-stream';
import { type IgnoreRules, parseDockerIgnore } from './docker-ignore.ts';

export type ContextEntry =
  | { type: 'directory'; path: string }
  | { type: 'symlink'; path: string; target: string }
  /** `size` in bytes. */
  | { type: 'file'; path: string; size: number; executable: boolean };

const ignoreFile = '.dockerignore';

/**
 * What the folder holds for a build: everything that `.dockerignore` leaves, and always the Dockerfile and
 * `.dockerignore` themselves, which the engine wants to see. Sorted by path.
 *
 * @throws Error when a pattern of `.dockerignore` can't be read; the file system's own errors.
 */
export async function listContext(folder: string, dockerfile: string): Promise<ContextEntry[]> {
  const rules = await readIgnoreRules(folder);
  const always = new Set([ignoreFile, dockerfile]);
  const found: ContextEntry[] = [];
  const visit = async (parent: string): Promise<boolean> => {
    let keptAny = false;
    const names = (await readdir(join(folder, parent))).sort(compareBytes);
    for (const name of names) {
      const path = parent === '' ? name : `${parent}/${name}`;
      const ignored = rules.ignores(path) && !always.has(path);
      const stats = await lstat(join(folder, path));
      if (stats.isDirectory()) {
        const at = found.length;
        const wanted = rules.hasExceptions || dockerfile.startsWith(`${path}/`);
        const keptInside = ignored && !wanted ? false : await visit(path);
        // a folder that is ignored still comes along when something in it is wanted
        if (!ignored || keptInside) found.splice(at, 0, { type: 'directory', path });
        keptAny ||= !ignored || keptInside;
        continue;
      }
      if (ignored) continue;
      if (stats.isSymbolicLink()) {
        found.push({ type: 'symlink', path, target: await readlink(join(folder, path)) });
      } else if (stats.isFile()) {
        found.push({ type: 'file', path, size: stats.size, executable: (stats.mode & 0o111) !== 0 });
      } else continue; // sockets, pipes and devices aren't part of a context
      keptAny = true;
    }
    return keptAny;
  };
  await visit('');
  return found;
}

/** The tar of listed entries, made while it is read. Destroyed with an error when a file changed its size meanwhile. */
export function packContext(folder: string, entries: ContextEntry[]): Readable {
  const tar = pack();
  const fill = async (): Promise<void> => {
    for (const entry of entries) {
      const fixed = { name: entry.path, mtime: new Date(0), uid: 0, gid: 0, uname: '', gname: '' };
      if (entry.type === 'directory') await addEntry(tar, { ...fixed, type: 'directory', mode: 0o755 });
      else if (entry.type === 'symlink')
        await addEntry(tar, { ...fixed, type: 'symlink', mode: 0o777, linkname: entry.target });
      else {
        const mode = entry.executable ? 0o755 : 0o644;
        const header = { ...fixed, type: 'file' as const, mode, size: entry.size };
        if (entry.size <= smallFileBytes) {
          // At once: a promise costs ten times what reading a small file does, and there are hundreds.
          const content = readFileSync(join(folder, entry.path));
          if (content.length !== entry.size) throw new Error(`${entry.path} changed while it was read`);
          await addEntry(tar, header, content);
        } else await pipeline(createReadStream(join(folder, entry.path)), tar.entry(header));
      }
    }
    tar.finalize();
  };
  fill().catch((error: Error) => tar.destroy(error));
  return tar as unknown as Readable;
}

/** Returns when the entry was taken, so that no more than a piece of the context is ever in memory. */
function addEntry(
  tar: Pack,
  header: Partial<Header> & { name: string },
  content: Buffer = Buffer.alloc(0),
): Promise<void> {
  return new Promise((resolve, reject) => {
    tar.entry(header, content, (error) => (error ? reject(error) : resolve()));
  });
}

const smallFileBytes = 256 * 1024;

/** SHA-256 of the tar of a context, as hex. */
export async function digestContext(folder: string, entries: ContextEntry[]): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of packContext(folder, entries)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function readIgnoreRules(folder: string): Promise<IgnoreRules> {
  try {
    return parseDockerIgnore(await readFile(join(folder, ignoreFile), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return parseDockerIgnore('');
    throw error;
  }
}

/** Not by locale: the order must be the same on every computer. */
function compareBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
