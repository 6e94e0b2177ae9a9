/** Compose files to a stack definition: reads the files, then everything else is pure. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../../errors.ts';
import { decodeText } from '../../input/decode-text.ts';
import { describeReadFailure } from '../../input/read-failure.ts';
import type { BuildDefinition, StackDefinition } from '../definition.ts';
import { largestBytes } from '../engine-rules.ts';
import { buildStack, findBindSources, findMentionedFiles, readComposeFiles } from './build-stack.ts';
import type { FileContent } from './decode-context.ts';

export interface LoadOptions {
  /** Name of the stack, which becomes part of the name of all its objects. */
  name: string;
  /** What `${NAME}` and variables without a value are taken from: our environment and the cluster's variables. */
  variables: Record<string, string>;
  /** How an image is built that a service only names; nothing where it comes from elsewhere. */
  findBuild?: (image: string) => BuildDefinition | undefined;
  /** Keys that a swarm stack doesn't know become warnings instead of errors. */
  lenient?: boolean;
  /** Only what `docker stack deploy` does: no lints, and what the engine would refuse is let through. */
  convertOnly?: boolean;
}

/**
 * Loads a stack as `docker stack deploy` would: several files are merged in their order, relative paths start from the
 * folder of the first.
 *
 * @throws InputError with every problem found, each with file, line and path.
 */
export async function loadStack(files: string[], options: LoadOptions): Promise<StackDefinition> {
  const absolute = files.map((file) => path.resolve(file));
  const sources = await Promise.all(absolute.map(readSource));
  const missing = sources.flatMap((source) => ('problem' in source ? [source.problem] : []));
  if (missing.length > 0) throw new InputError(missing);
  const texts = sources.flatMap((source) => ('text' in source ? [source] : []));
  const read = readComposeFiles(texts, options);
  const contents = new Map<string, FileContent>();
  const mentioned = findMentionedFiles(read);
  const mounted = options.convertOnly
    ? []
    : findBindSources(read).filter((file) => !mentioned.includes(file));
  // Where not even the compose files are for everybody (a umask of 077), a file's mode says nothing about this file.
  const modesTell = texts.some(({ isPrivate }) => !isPrivate);
  await Promise.all([
    ...mentioned.map(async (file) => contents.set(file, await readContent(file, modesTell))),
    ...mounted.map(async (file) => contents.set(file, await readSmallFile(file, modesTell))),
  ]);
  return buildStack(read, options, (file) => contents.get(file) ?? { failure: 'it was not read' });
}

type Source =
  | { file: string; text: string; isPrivate: boolean }
  | { problem: { file: string; message: string; next?: string } };

async function readSource(file: string): Promise<Source> {
  const read = await readContent(file, true);
  if ('content' in read)
    return { file, text: decodeText(read.content, file), isPrivate: read.isPrivate ?? false };
  return {
    problem: {
      file,
      message: `can't read the compose file: ${read.failure}`,
      next: 'name another file in stack.file of cluster.yml',
    },
  };
}

/** What a bind mount names may be a folder, a pipe that never ends, or larger than any config. */
async function readSmallFile(file: string, modeTells: boolean): Promise<FileContent> {
  try {
    const stats = await stat(file);
    if (!stats.isFile() && !stats.isDirectory()) return { failure: 'it is no ordinary file' };
    // Those of /proc say so, too, and may never end.
    if (stats.isFile() && stats.size === 0) return { failure: 'it is empty' };
    if (stats.isFile() && stats.size >= largestBytes.configs)
      return { failure: 'it is too large for a config' };
  } catch (error) {
    return { failure: describeReadFailure(error) };
  }
  return readContent(file, modeTells);
}

async function readContent(file: string, modeTells: boolean): Promise<FileContent> {
  try {
    const [content, { mode }] = await Promise.all([readFile(file), stat(file)]);
    return { content, ...(modeTells && (mode & 0o004) === 0 && { isPrivate: true }) };
  } catch (error) {
    return { failure: describeReadFailure(error) };
  }
}
