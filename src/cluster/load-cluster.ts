import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { InputError, type Problem } from '../errors.ts';
import { decodeText } from '../input/decode-text.ts';
import { describeReadFailure } from '../input/read-failure.ts';
import { readYaml } from '../input/yaml-input.ts';
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

/** The problems with their lines in the cluster file, where they are about a key of it and have none. */
export async function placeInClusterFile(problems: readonly Problem[], file: string): Promise<Problem[]> {
  const isBare = (one: Problem): boolean =>
    one.file === file && one.line === undefined && one.path !== undefined;
  if (!problems.some(isBare)) return [...problems];
  const { locate } = readYaml(decodeText(await readFile(file), file), file);
  return problems.map((one) => {
    if (!isBare(one)) return one;
    // Names of images have dots and colons of their own: `images.builds.page:1.2`.
    const [section = '', key = '', ...name] = one.path!.split('.');
    return { ...one, ...locate([section, key, ...(name.length > 0 ? [name.join('.')] : [])], 'key') };
  });
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
