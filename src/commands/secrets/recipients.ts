import type { CommandContext } from '../../cli.ts';
import { InputError } from '../../errors.ts';
import { formatCount } from '../../output/format.ts';
import { renderTable } from '../../output/table.ts';
import { readIdentities } from '../../secrets/identities.ts';
import { readRecipient } from '../../secrets/read-recipient.ts';
import { readSoundSecretsFile, type SecretsFile, saveSecretsFile } from '../../secrets/read-secrets-file.ts';
import { normaliseRecipient } from '../../secrets/recipient-text.ts';
import { openAll, refuseLockOut, resealAll } from '../../secrets/reseal.ts';
import { parseSecretsDocument } from '../../secrets/secrets-file.ts';
import { recipientsKey } from '../../secrets/secrets-schema.ts';
import { addRecipient, removeRecipient } from '../../secrets/set-entries.ts';
import { type FileOptions, findSecretsFile } from './find-file.ts';

type ChangeOptions = FileOptions & { force?: boolean };

/** `kawanan secrets recipients add`. */
export async function addToRecipients(
  typed: string,
  options: ChangeOptions & { name?: string },
  context: CommandContext,
): Promise<void> {
  const added = readRecipient(typed, options.name);
  const { path, shown } = await findSecretsFile(options, context);
  const file = await readSoundSecretsFile(path);
  const { recipients, entries } = file.document;
  if (entries.some(({ name }) => name === recipientsKey))
    throw new InputError({
      file: shown,
      message: `a secret is called ${recipientsKey}, where the list of recipients has to stand`,
      next: 'give the secret another name, here and in the compose file',
    });
  if (recipients?.some(({ recipient }) => normaliseRecipient(recipient) === added.recipient)) {
    context.terminal.out(`${shown}: this recipient is on the list already\n`);
    return;
  }
  await encryptAnew(file, shown, addRecipient(file.text, path, added), options, context);
}

/** `kawanan secrets recipients remove`, by the recipient or the name behind it. */
export async function removeFromRecipients(
  typed: string,
  options: ChangeOptions,
  context: CommandContext,
): Promise<void> {
  const { path, shown } = await findSecretsFile(options, context);
  const file = await readSoundSecretsFile(path);
  const { recipients = [] } = file.document;
  const found = recipients.filter(
    ({ recipient, name }) => name === typed || normaliseRecipient(recipient) === normaliseRecipient(typed),
  );
  if (found.length !== 1)
    throw new InputError({
      file: shown,
      message:
        found.length === 0 ? 'this recipient is not on the list' : 'more than one on the list has this name',
      next: 'kawanan secrets recipients ls shows the list',
    });
  if (recipients.length === 1)
    throw new InputError({
      file: shown,
      message: 'this is the only recipient: nobody could decrypt the values any longer',
      next: 'add another one first',
    });
  await encryptAnew(file, shown, removeRecipient(file.text, path, found[0]!.recipient), options, context);
  context.terminal.out(
    'next: whoever was removed still knows these values from before; give those that matter new ones\n',
  );
}

async function encryptAnew(
  file: SecretsFile,
  shown: string,
  text: string,
  options: ChangeOptions,
  { env, terminal }: CommandContext,
): Promise<void> {
  const { recipients = [] } = parseSecretsDocument(text, file.path);
  const sealed = await resealAll(text, file.path, await openAll(file.document, file.path, env));
  if (!options.force) await refuseLockOut(recipients, env);
  await saveSecretsFile(file, sealed.text);
  terminal.out(
    `${shown}: ${formatCount(sealed.names.length, 'value')} encrypted anew to ${formatCount(recipients.length, 'recipient')}\n`,
  );
}

/** `kawanan secrets recipients ls`. */
export async function listRecipients(
  options: FileOptions & { json?: boolean },
  context: CommandContext,
): Promise<void> {
  const { terminal, env } = context;
  const { path, shown } = await findSecretsFile(options, context);
  const { recipients = [] } = (await readSoundSecretsFile(path)).document;
  const ours = new Set((await readIdentities(env)).recipients);
  const rows = recipients.map(({ recipient, name }) => ({
    recipient,
    ...(name !== undefined && { name }),
    you: ours.has(normaliseRecipient(recipient)),
  }));
  if (options.json) terminal.out(`${JSON.stringify(rows, undefined, 2)}\n`);
  else if (rows.length === 0) terminal.out(`${shown}: no recipients; the values are in plain text\n`);
  else
    terminal.out(
      renderTable(
        ['RECIPIENT', 'NAME', ''],
        rows.map(({ recipient, name = '', you }) => [recipient, name, you ? 'you' : '']),
      ),
    );
}
