import type { CommandContext } from '../../cli.ts';
import { InputError, UserError } from '../../errors.ts';
import { suggestWord } from '../../input/nearest-word.ts';
import { loadSecrets } from '../../secrets/load-secrets.ts';
import { readSoundSecretsFile } from '../../secrets/read-secrets-file.ts';
import { SecretValue } from '../../secrets/secret-value.ts';
import { type FileOptions, findSecretsFile } from './find-file.ts';

/** `kawanan secrets show NAME --reveal`: the value, wherever it comes from. */
export async function showSecret(
  name: string,
  options: FileOptions & { reveal?: boolean; base64?: boolean },
  context: CommandContext,
): Promise<void> {
  if (!options.reveal)
    throw new InputError({
      message: 'a value is shown only to who asks for it',
      next: 'add --reveal, and mind who sees your screen',
    });
  const { path, shown, cluster } = await findSecretsFile(options, context);
  const { document } = await readSoundSecretsFile(path);
  const names = document.entries.map((entry) => entry.name);
  if (!names.includes(name))
    throw new InputError({
      file: shown,
      message: `it has no secret ${name}`,
      next: suggestWord(name, names),
    });
  const { env, terminal } = context;
  const variables = cluster?.variables ?? {};
  const value = (await loadSecrets(path, { variables, env, write: false, only: [name] })).get(name);
  if (!(value instanceof SecretValue))
    throw new UserError(`${name} has no value yet: kawanan up generates one`);
  const bytes = value.reveal();
  if (options.base64) return terminal.out(`${bytes.toString('base64')}\n`);
  const text = bytes.toString();
  if (!Buffer.from(text).equals(bytes))
    throw new UserError(`the value of ${name} is no text`, { next: 'add --base64' });
  terminal.out(`${text}\n`);
}
