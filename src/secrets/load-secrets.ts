/** From the secrets file to values in memory. */
import { readFile, stat } from 'node:fs/promises';
import { InputError, type Problem } from '../errors.ts';
import { generateValue } from './generate-value.ts';
import { resolveSource } from './resolve-source.ts';
import { SecretValue } from './secret-value.ts';
import { parseSecretsFile, replaceEntries, type SecretEntry } from './secrets-file.ts';
import { writeSecretsFile } from './write-secrets-file.ts';

/** In the place of a value that doesn't exist yet. */
export const generatedAtUp = 'generated at up';

export type LoadedSecrets = Map<string, SecretValue | typeof generatedAtUp>;

export interface LoadSecretsOptions {
  /** For templates: `cluster.variables`. */
  variables: Readonly<Record<string, string>>;
  env: NodeJS.ProcessEnv;
  /** Values that are to be generated are made and written into the file; otherwise they stay unknown. */
  write: boolean;
  /** Only these are read; files, variables and programs of all others are left alone. */
  only?: Iterable<string>;
}

/**
 * Reads the secrets file and gets every value from where it says; without a file there are none.
 *
 * @throws InputError with every problem of the file and its sources; nothing is written then.
 */
export async function loadSecrets(
  path: string | undefined,
  options: LoadSecretsOptions,
): Promise<LoadedSecrets> {
  if (path === undefined) return new Map();
  const text = await readSecretsText(path);
  const problems: Problem[] = await checkMode(path);
  const entries = selectEntries(parseInto(problems, text, path), options.only);
  const loaded: LoadedSecrets = new Map();
  const resolved = await Promise.all(
    entries
      .filter((entry) => entry.source.from !== 'generate')
      .map(async (entry) => ({
        name: entry.name,
        ...(await resolveSource(entry, { ...options, file: path })),
      })),
  );
  for (const one of resolved) {
    if ('problem' in one) problems.push(one.problem);
    else loaded.set(one.name, one.value);
  }
  if (problems.length > 0) throw new InputError(problems);
  const generated = new Map<string, string>();
  for (const { name, source } of entries) {
    if (source.from !== 'generate') continue;
    const value = options.write ? generateValue(source) : undefined;
    if (value !== undefined) generated.set(name, value);
    loaded.set(name, value === undefined ? generatedAtUp : new SecretValue(value));
  }
  // what isn't in the file would be another value at the next run
  if (generated.size > 0) await writeSecretsFile(path, replaceEntries(text, path, generated));
  return loaded;
}

/** The one place where the file is read: what decrypts it, one day, stands here. */
async function readSecretsText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError(
      code === 'ENOENT'
        ? {
            file: path,
            message: 'there is no secrets file',
            next: `kawanan init writes one; or: install -m 600 secrets.example ${path}`,
          }
        : {
            file: path,
            message: `the secrets file can't be read (${code})`,
            next: 'look at its owner and mode',
          },
    );
  }
}

async function checkMode(path: string): Promise<Problem[]> {
  if (process.platform === 'win32') return [];
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0) return [];
  const shown = (mode & 0o777).toString(8).padStart(4, '0');
  return [{ file: path, message: `others may read this file (mode ${shown})`, next: `chmod 600 ${path}` }];
}

function parseInto(problems: Problem[], text: string, path: string): SecretEntry[] {
  try {
    return parseSecretsFile(text, path);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    problems.push(...error.problems);
    return [];
  }
}

function selectEntries(entries: SecretEntry[], only: Iterable<string> | undefined): SecretEntry[] {
  if (only === undefined) return entries;
  const names = new Set(only);
  return entries.filter((entry) => names.has(entry.name));
}
