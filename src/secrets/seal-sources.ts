/** Encrypts what is about to be written into a secrets file. */
import { InputError } from '../errors.ts';
import { sealValue } from './seal.ts';
import type { Recipient } from './secrets-file.ts';
import type { Written } from './set-entries.ts';

/**
 * Values and templates encrypted to all recipients; without recipients just as they are.
 *
 * @throws InputError when a recipient is none.
 */
export async function sealSources(
  sources: ReadonlyMap<string, Written>,
  recipients: readonly Recipient[],
  file: string,
): Promise<Map<string, Written>> {
  if (recipients.length === 0) return new Map(sources);
  await requireRecipients(recipients, file);
  const sealed = [...sources].map(async ([name, source]): Promise<[string, Written]> => {
    if (source.from === 'age') return [name, source];
    return [name, await sealBytes(Buffer.from(source.text), source.from, recipients)];
  });
  return new Map(await Promise.all(sealed));
}

/** Bytes as an encrypted entry. The recipients must have been checked. */
export async function sealBytes(
  bytes: Uint8Array,
  holds: 'value' | 'template',
  recipients: readonly Recipient[],
): Promise<Written> {
  const texts = recipients.map(({ recipient }) => recipient);
  return { from: 'age', ciphertext: await sealValue(bytes, texts), holds };
}

/** @throws InputError naming every recipient that nothing can be encrypted to, by its place in the list. */
export async function requireRecipients(recipients: readonly Recipient[], file: string): Promise<void> {
  const { checkRecipient } = await import('./recipient.ts');
  const problems = recipients.flatMap(({ recipient }, index) => {
    const wrong = checkRecipient(recipient);
    return wrong ? [{ file, path: `recipients[${index}]`, ...wrong }] : [];
  });
  if (problems.length > 0) throw new InputError(problems);
}
