/** Encrypting all values of a secrets file, and the question who can still open them then. */
import { InputError, UserError } from '../errors.ts';
import { readIdentities } from './identities.ts';
import { openEntries } from './open-entries.ts';
import { normaliseRecipient } from './recipient-text.ts';
import { requireRecipients, sealBytes } from './seal-sources.ts';
import { parseSecretsDocument, type Recipient, type SecretsDocument } from './secrets-file.ts';
import { setEntries, type Written } from './set-entries.ts';

/**
 * The text with every value and template in plain text encrypted to the file's recipients.
 *
 * @returns the names that were encrypted, too.
 */
export async function sealPlain(text: string, file: string): Promise<{ text: string; names: string[] }> {
  const { entries, recipients = [] } = parseSecretsDocument(text, file);
  await requireRecipients(recipients, file);
  const written = new Map<string, Written>();
  for (const { name, source } of entries)
    if (source.from === 'value' || source.from === 'template')
      written.set(name, await sealBytes(Buffer.from(source.text), source.from, recipients));
  return { text: setEntries(text, file, written), names: [...written.keys()] };
}

/**
 * Decrypts all encrypted values of a document.
 *
 * @throws InputError when one of them can't be opened.
 */
export async function openAll(
  document: SecretsDocument,
  file: string,
  env: NodeJS.ProcessEnv,
): Promise<Map<string, Buffer>> {
  const { opened, problems } = await openEntries(document, file, env);
  if (problems.length > 0) throw new InputError(problems);
  return opened;
}

/** The text with every value encrypted anew to the file's recipients; `opened` are those that were encrypted. */
export async function resealAll(
  text: string,
  file: string,
  opened: ReadonlyMap<string, Buffer>,
): Promise<{ text: string; names: string[] }> {
  const { entries, recipients = [] } = parseSecretsDocument(text, file);
  await requireRecipients(recipients, file);
  const written = new Map<string, Written>();
  for (const { name, source } of entries)
    if (source.from === 'age')
      written.set(name, await sealBytes(opened.get(name)!, source.holds, recipients));
  const plain = await sealPlain(setEntries(text, file, written), file);
  return { text: plain.text, names: [...written.keys(), ...plain.names] };
}

/** @throws UserError when none of our identities is among the recipients. */
export async function refuseLockOut(recipients: readonly Recipient[], env: NodeJS.ProcessEnv): Promise<void> {
  const ours = new Set((await readIdentities(env)).recipients);
  if (recipients.some(({ recipient }) => ours.has(normaliseRecipient(recipient)))) return;
  throw new UserError('nothing was changed: you could not decrypt the values yourself any longer', {
    next: 'add yourself first (kawanan secrets keygen, recipients add), or say --force',
  });
}
