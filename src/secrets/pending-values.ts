/**
 * The value that comes and the one that goes, of a secret that is being rotated, as entries of the secrets file beside
 * its own: `NAME.next` until all services have it, `NAME.previous` until it is retired. Pure.
 */
import { isMap, parseDocument, type Scalar } from 'yaml';
import { InputError, UserError } from '../errors.ts';
import { parseSecretsDocument, type SecretSource } from './secrets-file.ts';
import { longestName } from './secrets-schema.ts';
import { setEntries, type Written } from './set-entries.ts';

/** Entry of the value that comes. */
export const nextOf = (name: string): string => `${name}.next`;
/** Entry of the value that goes. */
export const previousOf = (name: string): string => `${name}.previous`;

/** The longest name whose `.previous` is still a name. */
export const longestRotatedName = longestName - previousOf('').length;

/** The secret that such an entry belongs to; `undefined` for an entry of its own. */
export function ownerOfPending(name: string, names: ReadonlySet<string>): string | undefined {
  const owner = /^(.+)\.(?:next|previous)$/.exec(name)?.[1];
  return owner !== undefined && names.has(owner) ? owner : undefined;
}

/** Whether a value can be written in the place of this source; the others get theirs from elsewhere. */
export function isWritable(source: SecretSource | undefined): boolean {
  return (
    source === undefined || source.from === 'value' || (source.from === 'age' && source.holds === 'value')
  );
}

/** `NAME.next` becomes the value of each, and its value until now `NAME.previous`. Those without a next one stay. */
export function promoteNext(text: string, file: string, names: readonly string[]): string {
  const sources = new Map(parseSecretsDocument(text, file).entries.map(({ name, source }) => [name, source]));
  const written = new Map<string, Written>();
  const gone: string[] = [];
  for (const name of names) {
    const next = sources.get(nextOf(name));
    if (!next) continue;
    const current = sources.get(name);
    if (current) written.set(previousOf(name), current as Written);
    written.set(name, next as Written);
    gone.push(nextOf(name));
  }
  return removeEntries(setEntries(text, file, written), file, gone);
}

/**
 * The text without entries of these names; comments and all else stay.
 *
 * @throws UserError when something else would have changed.
 */
export function removeEntries(text: string, file: string, names: readonly string[]): string {
  const before = parseSecretsDocument(text, file);
  const removed = new Set(names);
  let left = text;
  const { contents } = parseDocument(text, { stringKeys: true });
  for (const pair of isMap(contents) ? contents.items.toReversed() : []) {
    const key = pair.key as Scalar;
    if (!removed.has(String(key.value)) || !key.range) continue;
    const entry = before.entries.find(({ name }) => name === String(key.value));
    if (!entry) continue;
    const start = left.lastIndexOf('\n', key.range[0] - 1) + 1;
    const end = left.indexOf('\n', entry.range[1]);
    left = left.slice(0, start) + (end < 0 ? '' : left.slice(end + 1));
  }
  const plain = (entries: typeof before.entries): string =>
    JSON.stringify(
      entries.filter(({ name }) => !removed.has(name)).map(({ name, source }) => [name, source]),
    );
  const refuse = (): never => {
    throw new UserError(`${file} is written in a way that no entry can be taken out of it`, {
      next: 'write each secret on lines of its own, without braces around them all',
    });
  };
  try {
    const after = parseSecretsDocument(left, file);
    const isClean = !after.entries.some(({ name }) => removed.has(name));
    const sameRecipients = JSON.stringify(after.recipients) === JSON.stringify(before.recipients);
    if (isClean && sameRecipients && plain(after.entries) === plain(before.entries)) return left;
  } catch (error) {
    // its message would be about a text that nobody has written
    if (!(error instanceof InputError)) throw error;
  }
  return refuse();
}
