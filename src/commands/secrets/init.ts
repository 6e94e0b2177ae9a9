import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CommandContext } from '../../cli.ts';
import { InputError, UserError } from '../../errors.ts';
import { describeReadFailure } from '../../input/read-failure.ts';
import { explainWrite } from '../../output/explain-write.ts';
import { formatCount } from '../../output/format.ts';
import { isThere } from '../../secrets/is-there.ts';
import { readRecipient } from '../../secrets/read-recipient.ts';
import { createSecretsFile, describePlainText } from '../../secrets/read-secrets-file.ts';
import { sealPlain } from '../../secrets/reseal.ts';
import { renderSecretsExample } from '../../secrets/secrets-example.ts';
import { parseSecretsDocument } from '../../secrets/secrets-file.ts';
import { addRecipient } from '../../secrets/set-entries.ts';
import { type FileOptions, findSecretsFile, warn } from './find-file.ts';

const packagedExample = fileURLToPath(new URL('../../../secrets.example', import.meta.url));

/** `kawanan secrets init`: a secrets file from an example; with recipients its values never are in a file in plain text. */
export async function initSecrets(
  options: FileOptions & { example?: string; recipient: string[] },
  context: CommandContext,
): Promise<void> {
  const { terminal, cwd } = context;
  const added = options.recipient.map((one) => readRecipient(one));
  const { path, shown } = await findSecretsFile(options, context);
  if (await isThere(path))
    throw new UserError(`${shown} is there already and was left alone`, {
      next: 'its secrets would be lost: move it away first',
    });
  const example = await findExample(options.example, path, cwd);
  let text = renderSecretsExample(await readExample(example), example);
  for (const one of added) text = addRecipient(text, path, one);
  const { recipients = [] } = parseSecretsDocument(text, path);
  if (recipients.length > 0) ({ text } = await sealPlain(text, path));
  await explainWrite(shown, () => createSecretsFile(path, text));
  const how = recipients.length > 0 ? `, encrypted to ${formatCount(recipients.length, 'recipient')}` : '';
  const from = relative(cwd, example);
  terminal.out(`wrote ${shown} from ${from.startsWith('..') ? example : from}${how}\n`);
  warn(context, describePlainText(parseSecretsDocument(text, path), shown));
}

/** The example named, or the one beside the file to be written, or that of the reference stack. */
async function findExample(named: string | undefined, path: string, cwd: string): Promise<string> {
  if (named !== undefined) return resolve(cwd, named);
  const beside = join(dirname(path), 'secrets.example');
  return (await isThere(beside)) ? beside : packagedExample;
}

async function readExample(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new InputError({
      file: path,
      message: `the example can't be read: ${describeReadFailure(error)}`,
      next: 'name another with --example',
    });
  }
}
