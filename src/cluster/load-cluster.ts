import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { InputError } from '../errors.ts';
import type { Cluster } from './cluster.ts';
import { parseCluster } from './parse-cluster.ts';

/** The cluster file's name where nothing else is said. */
export const defaultClusterFile = 'cluster.yml';

/**
 * Reads and checks a cluster file. `cwd` is what a relative path is relative to; the process's own unless told.
 *
 * @throws InputError with every problem found, or when the file can't be read.
 */
export async function loadCluster(
  path: string = defaultClusterFile,
  cwd: string = process.cwd(),
): Promise<Cluster> {
  const file = resolve(cwd, path);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new InputError(explainUnreadable(error as NodeJS.ErrnoException, path));
  }
  return parseCluster(text, file, { home: homedir(), shownAs: path });
}

function explainUnreadable(
  error: NodeJS.ErrnoException,
  path: string,
): { file: string; message: string; next: string } {
  if (error.code === 'ENOENT') {
    return {
      file: path,
      message: 'there is no cluster file',
      next: 'write one with `kawanan init`, or make a cluster on this computer with `kawanan lab up`',
    };
  }
  if (error.code === 'EISDIR')
    return { file: path, message: 'this is a folder', next: 'name the cluster file in it' };
  return {
    file: path,
    message: `the cluster file can't be read: ${error.message}`,
    next: 'make it readable for you',
  };
}
