/** The secrets file as a rotation uses it: where the new value is kept before anything depends on it. */
import { loadSecrets } from '../secrets/load-secrets.ts';
import { isWritable, nextOf, previousOf, promoteNext, removeEntries } from '../secrets/pending-values.ts';
import { readSoundSecretsFile, saveSecretsFile } from '../secrets/read-secrets-file.ts';
import { sealSources } from '../secrets/seal-sources.ts';
import { SecretValue } from '../secrets/secret-value.ts';
import { setEntries, type Written } from '../secrets/set-entries.ts';
import type { SecretValues } from './strategy.ts';

/** What the file knows of one secret. */
export interface KnownValues {
  current?: SecretValue;
  next?: SecretValue;
  previous?: SecretValue;
  /** Where the current value comes from, in a word: `command`; `none` where the file has no entry. */
  from: string;
  /** A new value can be written in its place. */
  writable: boolean;
}

/** Where values are kept; what is tested stands on this. */
export interface ValueFile {
  /** For messages. */
  path: string;
  read(names: readonly string[]): Promise<Map<string, KnownValues>>;
  /** Keeps values that come: encrypted where the file is. */
  keepNext(values: SecretValues): Promise<void>;
  /** Makes the values that come those of the file, and keeps those that go. */
  promote(names: readonly string[]): Promise<void>;
  /** Forgets values that are gone, or that don't come after all. */
  forget(which: readonly ('next' | 'previous')[], names: readonly string[]): Promise<void>;
}

export interface ValueFileOptions {
  variables: Readonly<Record<string, string>>;
  env: NodeJS.ProcessEnv;
}

/** The secrets file at a path. */
export function openValueFile(path: string, options: ValueFileOptions): ValueFile {
  const rewrite = async (change: (text: string) => string | Promise<string>): Promise<void> => {
    const file = await readSoundSecretsFile(path);
    const text = await change(file.text);
    if (text !== file.text) await saveSecretsFile(file, text);
  };
  return {
    path,
    read: async (names) => {
      const wanted = names.flatMap((name) => [name, nextOf(name), previousOf(name)]);
      const [file, loaded] = await Promise.all([
        readSoundSecretsFile(path),
        loadSecrets(path, { ...options, write: false, only: wanted }),
      ]);
      const sources = new Map(file.document.entries.map(({ name, source }) => [name, source]));
      const find = (name: string): SecretValue | undefined => {
        const value = loaded.get(name);
        return value instanceof SecretValue ? value : undefined;
      };
      return new Map(
        names.map((name) => {
          const [current, next, previous] = [name, nextOf(name), previousOf(name)].map(find);
          const source = sources.get(name);
          return [
            name,
            {
              ...(current && { current }),
              ...(next && { next }),
              ...(previous && { previous }),
              from: source?.from ?? 'none',
              writable: isWritable(source),
            },
          ];
        }),
      );
    },
    keepNext: (values) =>
      rewrite(async (text) => {
        const { document } = await readSoundSecretsFile(path);
        const plain = new Map<string, Written>(
          [...values].map(([name, value]) => [
            nextOf(name),
            { from: 'value', text: value.reveal().toString('utf8') },
          ]),
        );
        return setEntries(text, path, await sealSources(plain, document.recipients ?? [], path));
      }),
    promote: (names) => rewrite((text) => promoteNext(text, path, names)),
    forget: (which, names) =>
      rewrite((text) =>
        removeEntries(
          text,
          path,
          which.flatMap((one) => names.map(one === 'next' ? nextOf : previousOf)),
        ),
      ),
  };
}
