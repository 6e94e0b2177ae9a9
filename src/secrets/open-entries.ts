/** Decrypts the entries of a secrets file. */
import type { Problem } from '../errors.ts';
import { type Identities, readIdentities } from './identities.ts';
import { normaliseRecipient } from './recipient-text.ts';
import { openValue } from './seal.ts';
import type { Recipient, SecretEntry } from './secrets-file.ts';

/** Name of an encrypted entry → what it holds; and what kept others from being opened. */
export interface OpenedEntries {
  opened: Map<string, Buffer>;
  problems: Problem[];
}

/**
 * Opens all encrypted ones of the entries; where there are none, no identity is looked for. `listed` are the recipients
 * of the file: what one of them can't open is not for somebody else, but broken.
 */
export async function openEntries(
  {
    entries,
    recipients: listed = [],
  }: { entries: readonly SecretEntry[]; recipients?: readonly Recipient[] },
  file: string,
  env: NodeJS.ProcessEnv,
): Promise<OpenedEntries> {
  const sealed = entries.flatMap(({ name, source, place }) =>
    source.from === 'age' ? [{ name, place, ciphertext: source.ciphertext }] : [],
  );
  const opened = new Map<string, Buffer>();
  if (sealed.length === 0) return { opened, problems: [] };
  const identities = await readIdentities(env);
  if (identities.keys.length === 0) return { opened, problems: [explainNoIdentity(file, identities)] };
  const isListed = listed.some(({ recipient }) =>
    identities.recipients.includes(normaliseRecipient(recipient)),
  );
  const problems: Problem[] = [];
  const foreign: string[] = [];
  const answers = await Promise.all(
    sealed.map(async (one) => ({ ...one, answer: await openValue(one.ciphertext, identities.keys) })),
  );
  for (const { name, place, answer } of answers) {
    if ('bytes' in answer) opened.set(name, answer.bytes);
    else if (answer.failure === 'wrong identity' && !isListed) foreign.push(name);
    else
      problems.push({
        ...place,
        message:
          answer.failure === 'damaged'
            ? 'the encrypted value is damaged'
            : 'the encrypted value is damaged, or was encrypted before you were on the list of recipients',
        next: `take the line from a copy of the file, or give it a new value: kawanan secrets set ${name}`,
      });
  }
  if (foreign.length > 0) problems.push(explainForeign(foreign, file, identities));
  return { opened, problems };
}

function explainNoIdentity(file: string, { places }: Identities): Problem {
  return {
    file,
    message: 'there is no identity to decrypt the values with',
    next: `put the private key into ${places.join(' or ')}, or say where it is: KAWANAN_IDENTITY_FILE=…`,
  };
}

function explainForeign(names: string[], file: string, { places, recipients }: Identities): Problem {
  const shown = names.slice(0, 3).join(', ');
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return {
    file,
    message: `encrypted to others, and not to the identity of ${places.join(', ')}: ${shown}${more}`,
    next: `somebody who can decrypt it adds you: kawanan secrets recipients add ${recipients[0]}`,
  };
}
