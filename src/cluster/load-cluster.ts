import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { InputError } from '../errors.ts';
import { decodeText } from '../input/decode-text.ts';
import { describeReadFailure } from '../input/read-failure.ts';
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
  const text = await readClusterText(path, cwd);
  return parseCluster(text, resolve(cwd, path), { home: homedir(), shownAs: path });
}

/** The text of a cluster file. @throws InputError when it can't be read, or isn't text. */
export async function readClusterText(path: string, cwd: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(resolve(cwd, path));
  } catch (error) {
    throw new InputError(explainUnreadable(error as NodeJS.ErrnoException, path));
  }
  return decodeText(bytes, path);
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
    message: `the cluster file can't be read: ${describeReadFailure(error)}`,
    next: 'look at its path, its owner and its mode',
  };
}
