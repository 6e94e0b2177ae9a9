/** From the secrets file to values in memory. */
import { InputError, type Problem } from '../errors.ts';
import { generateCertificate } from './generate-certificate.ts';
import { generateValue } from './generate-value.ts';
import { openEntries } from './open-entries.ts';
import { describePlainText, readSecretsFile, saveSecretsFile } from './read-secrets-file.ts';
import { resolveSource } from './resolve-source.ts';
import { sealSources } from './seal-sources.ts';
import { SecretValue } from './secret-value.ts';
import type { SecretEntry } from './secrets-file.ts';
import { setEntries, type Written } from './set-entries.ts';

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
  /** Is told what is no error, such as values that stand in the file in plain text. */
  warn?: (message: string) => void;
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
  const file = await readSecretsFile(path);
  const problems: Problem[] = [...file.problems];
  const { recipients = [] } = file.document;
  const entries = selectEntries(file.document.entries, options.only);
  const { opened, problems: closed } = await openEntries({ entries, recipients }, path, options.env);
  problems.push(...closed);
  const loaded: LoadedSecrets = new Map();
  const resolved = await Promise.all(
    entries
      .filter(({ name, source }) => source.from !== 'generate' && (source.from !== 'age' || opened.has(name)))
      .map(async (entry) => ({
        name: entry.name,
        ...(await resolveSource(entry, { ...options, file: path, opened })),
      })),
  );
  for (const one of resolved) {
    if ('problem' in one) problems.push(one.problem);
    else loaded.set(one.name, one.value);
  }
  if (problems.length > 0) throw new InputError(problems);
  const generated = new Map<string, Written>();
  for (const { name, source } of entries) {
    if (source.from !== 'generate') continue;
    const { certificate } = source;
    const value = !options.write
      ? undefined
      : certificate
        ? await generateCertificate(certificate)
        : generateValue(source);
    if (value !== undefined) generated.set(name, { from: 'value', text: value });
    loaded.set(name, value === undefined ? generatedAtUp : new SecretValue(value));
  }
  // what isn't in the file would be another value at the next run
  if (generated.size > 0) {
    const sealed = await sealSources(generated, recipients, path);
    await saveSecretsFile(file, setEntries(file.text, path, sealed));
  }
  const plain = describePlainText(file.document, path);
  if (plain !== undefined) options.warn?.(plain);
  return loaded;
}

function selectEntries(entries: SecretEntry[], only: Iterable<string> | undefined): SecretEntry[] {
  if (only === undefined) return entries;
  const names = new Set(only);
  return entries.filter((entry) => names.has(entry.name));
}
