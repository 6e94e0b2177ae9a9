import type { CommandContext } from '../../cli.ts';
import { InputError, UserError } from '../../errors.ts';
import { formatCount } from '../../output/format.ts';
import { isThere } from '../../secrets/is-there.ts';
import {
  createSecretsFile,
  describePlainText,
  readSoundSecretsFile,
  saveSecretsFile,
} from '../../secrets/read-secrets-file.ts';
import { checkValue, dropLastNewline } from '../../secrets/resolve-source.ts';
import { requireRecipients, sealBytes } from '../../secrets/seal-sources.ts';
import { parseSecretsDocument, type SecretsDocument } from '../../secrets/secrets-file.ts';
import { nameSchema, recipientsKey } from '../../secrets/secrets-schema.ts';
import { setEntries, type Written } from '../../secrets/set-entries.ts';
import { type FileOptions, findSecretsFile, warn } from './find-file.ts';

/** `kawanan secrets set NAME`: the value is typed unseen, or comes from standard input. */
export async function setSecret(
  name: string,
  hasMore: boolean,
  options: FileOptions,
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  if (hasMore)
    throw new InputError({
      message: 'a value on the command line is seen by everybody on this computer, and was not taken',
      next: 'kawanan secrets set NAME asks for it; use another value than this one',
    });
  checkName(name);
  const { path, shown } = await findSecretsFile(options, context);
  const file = (await isThere(path)) ? await readSoundSecretsFile(path) : undefined;
  const document: SecretsDocument = file?.document ?? { entries: [] };
  const recipients = document.recipients ?? [];
  await requireRecipients(recipients, path);
  const bytes = await readValue(name, context);
  const wrong = checkValue(bytes);
  if (wrong) throw new InputError({ path: name, ...wrong });
  const isKnown = document.entries.some((entry) => entry.name === name);
  const written: Written =
    recipients.length > 0
      ? await sealBytes(bytes, 'value', recipients)
      : { from: 'value', text: readText(name, bytes) };
  const text = setEntries(file?.text ?? '', path, new Map([[name, written]]));
  if (file) await saveSecretsFile(file, text);
  else await createSecretsFile(path, text);
  const how =
    recipients.length > 0 ? `encrypted to ${formatCount(recipients.length, 'recipient')}` : 'in plain text';
  terminal.out(`${shown}: ${isKnown ? 'changed' : 'added'} ${name}, ${how}\n`);
  warn(context, describePlainText(parseSecretsDocument(text, path), shown));
}

function checkName(name: string): void {
  const checked = nameSchema.safeParse(name);
  const message =
    name === recipientsKey
      ? 'a secret of this name would stand where the list of recipients stands'
      : checked.error?.issues[0]?.message;
  // what is no name may be a value in the wrong place: it is not repeated
  if (message !== undefined)
    throw new InputError({ message, next: 'kawanan secrets set NAME asks for the value' });
}

async function readValue(name: string, { terminal }: CommandContext): Promise<Buffer> {
  if (terminal.readInput) return dropLastNewline(await terminal.readInput());
  if (!terminal.interactive)
    throw new UserError('nothing was changed: nobody can be asked here', {
      next: `give the value on standard input: kawanan secrets set ${name} < file`,
    });
  const value = await terminal.askHidden(`value of ${name}: `);
  if ((await terminal.askHidden('the same again: ')) !== value)
    throw new UserError('nothing was changed: the two were not the same');
  return Buffer.from(value);
}

function readText(name: string, bytes: Buffer): string {
  const text = bytes.toString();
  if (Buffer.from(text).equals(bytes)) return text;
  throw new InputError({
    path: name,
    message: 'the value is no text, and a file in plain text has no room for other bytes',
    next: 'encrypt the file first: kawanan secrets encrypt',
  });
}
