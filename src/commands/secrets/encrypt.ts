import type { CommandContext } from '../../cli.ts';
import { InputError } from '../../errors.ts';
import { formatCount } from '../../output/format.ts';
import { readIdentities } from '../../secrets/identities.ts';
import { readRecipient } from '../../secrets/read-recipient.ts';
import { readSoundSecretsFile, saveSecretsFile } from '../../secrets/read-secrets-file.ts';
import { normaliseRecipient } from '../../secrets/recipient-text.ts';
import { openAll, refuseLockOut, resealAll, sealPlain } from '../../secrets/reseal.ts';
import { parseSecretsDocument, type Recipient, type SecretsDocument } from '../../secrets/secrets-file.ts';
import { addRecipient } from '../../secrets/set-entries.ts';
import { type FileOptions, findSecretsFile } from './find-file.ts';

/** `kawanan secrets encrypt`: every value that stands in plain text. */
export async function encryptSecrets(
  options: FileOptions & { recipient: string[]; force?: boolean },
  context: CommandContext,
): Promise<void> {
  const { terminal, env } = context;
  const { path, shown } = await findSecretsFile(options, context);
  const file = await readSoundSecretsFile(path);
  const added = await chooseRecipients(file.document, options.recipient, env);
  let { text } = file;
  for (const one of added) text = addRecipient(text, path, one);
  const recipients = parseSecretsDocument(text, path).recipients ?? [];
  const sealed =
    added.length > 0
      ? await resealAll(text, path, await openAll(file.document, path, env))
      : await sealPlain(text, path);
  if (sealed.names.length === 0 && added.length === 0) {
    terminal.out(`${shown}: nothing stands in plain text\n`);
    return;
  }
  if (!options.force) await refuseLockOut(recipients, env);
  await saveSecretsFile(file, sealed.text);
  terminal.out(
    `${shown}: ${formatCount(sealed.names.length, 'value')} encrypted to ${formatCount(recipients.length, 'recipient')}\n`,
  );
  for (const { recipient, name } of recipients)
    terminal.out(`  ${recipient}${name === undefined ? '' : ` ${name}`}\n`);
  terminal.out(
    'next: delete other copies of the plain file; values that others may have seen are safe only once changed\n',
  );
}

/** Those named that the list doesn't have; where there is no list, our own identities. */
async function chooseRecipients(
  { recipients }: SecretsDocument,
  typed: string[],
  env: NodeJS.ProcessEnv,
): Promise<Recipient[]> {
  const known = new Set((recipients ?? []).map(({ recipient }) => normaliseRecipient(recipient)));
  const named = typed.map((one) => readRecipient(one)).filter(({ recipient }) => !known.has(recipient));
  if (named.length > 0 || known.size > 0) return named;
  const ours = await readIdentities(env);
  if (ours.recipients.length === 0)
    throw new InputError({
      message: 'nobody is there to encrypt to: no recipients in the file, no identity of yours',
      next: 'make an identity with kawanan secrets keygen, or name a recipient with --recipient',
    });
  return ours.recipients.map((recipient) => ({ recipient }));
}
