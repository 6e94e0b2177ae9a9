/** The secrets file of a newcomer, made from `secrets.example`. */
import { access, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../errors.ts';
import { generateValue } from './generate-value.ts';
import { parseSecretsFile, type SecretSource } from './secrets-file.ts';
import { replaceEntries } from './set-entries.ts';
import { writeSecretsFile } from './write-secrets-file.ts';

type GenerateSource = Extract<SecretSource, { from: 'generate' }>;

/** The text of an example with a value in the place of each `generate`; comments and all else stay. */
export function renderSecretsExample(
  text: string,
  file: string,
  generate: (source: GenerateSource) => string = generateValue,
): string {
  const values = new Map<string, string>();
  // a certificate is made when it is first used: not everybody has the program for it
  for (const { name, source } of parseSecretsFile(text, file))
    if (source.from === 'generate' && !source.certificate) values.set(name, generate(source));
  return replaceEntries(text, file, values);
}

/**
 * Writes a secrets file from an example, with random values generated, readable by its owner alone.
 *
 * @throws UserError when the file is there already and `force` isn't set.
 */
export async function copySecretsExample(
  examplePath: string,
  targetPath: string,
  options: { force: boolean } = { force: false },
): Promise<void> {
  const exists = await access(targetPath).then(
    () => true,
    () => false,
  );
  if (exists && !options.force)
    throw new UserError(`${targetPath} is there already and was left alone`, {
      next: 'its secrets would be lost: move it away first, or say --force',
    });
  const text = await readFile(examplePath, 'utf8');
  await mkdir(dirname(targetPath), { recursive: true });
  await writeSecretsFile(targetPath, renderSecretsExample(text, examplePath));
}
