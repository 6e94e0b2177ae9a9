import type { CommandContext } from '../../cli.ts';
import { InputError, UserError } from '../../errors.ts';
import { printError } from '../../output/print-error.ts';
import { renderPlainView, sealPlainView } from '../../secrets/plain-view.ts';
import {
  describePlainText,
  readSoundSecretsFile,
  type SecretsFile,
  saveSecretsFile,
} from '../../secrets/read-secrets-file.ts';
import { openAll } from '../../secrets/reseal.ts';
import { openEditor } from '../../secrets/run-editor.ts';
import { parseSecretsDocument } from '../../secrets/secrets-file.ts';
import { type FileOptions, findSecretsFile, warn } from './find-file.ts';

/** `kawanan secrets edit`: all values at once in the user's editor. */
export async function editSecrets(options: FileOptions, context: CommandContext): Promise<void> {
  const { terminal, env } = context;
  const { path, shown } = await findSecretsFile(options, context);
  const file = await readSoundSecretsFile(path);
  const opened = await openAll(file.document, path, env);
  const view = renderPlainView(file.text, path, opened);
  using editor = await openEditor(env);
  let edited = await editor.edit(view);
  for (;;) {
    if (edited === view) {
      terminal.out(`${shown}: nothing was changed\n`);
      return;
    }
    try {
      const text = await sealPlainView(edited, path, file.document, opened);
      refuseLostRecipients(file, text);
      await saveSecretsFile(file, text);
      terminal.out(`${shown}: saved\n`);
      warn(context, describePlainText(parseSecretsDocument(text, path), shown));
      return;
    } catch (error) {
      if (!(error instanceof InputError) || !terminal.interactive) throw error;
      printError(error, terminal);
      const answer = await terminal.ask('Open the editor again? Otherwise nothing is changed [Y/n] ');
      if (/^n/i.test(answer.trim())) throw new UserError('nothing was changed');
      edited = await editor.edit(edited);
    }
  }
}

/** A list deleted in the editor would leave every value in plain text. */
function refuseLostRecipients({ path, document }: SecretsFile, text: string): void {
  if (!document.recipients?.length || parseSecretsDocument(text, path).recipients?.length) return;
  throw new InputError({
    file: path,
    message: 'the list of recipients is gone, which would leave all values in plain text',
    next: 'leave at least one on the list',
  });
}
