import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { CommandContext } from '../../cli.ts';
import { UserError } from '../../errors.ts';
import { explainWrite } from '../../output/explain-write.ts';
import { findIdentityFile, generateIdentityFile } from '../../secrets/identities.ts';
import { isThere } from '../../secrets/is-there.ts';
import { writeSecretsFile } from '../../secrets/write-secrets-file.ts';

/** `kawanan secrets keygen`: a new private key, in a file for its owner alone; only the public one is printed. */
export async function makeIdentity(options: { output?: string }, context: CommandContext): Promise<void> {
  const { terminal, env, cwd } = context;
  const path = options.output === undefined ? findIdentityFile(env) : resolve(cwd, options.output);
  if (await isThere(path))
    throw new UserError(`${path} is there already and was left alone`, {
      next: 'what was encrypted to it would be lost: name another file with --output',
    });
  const { text, recipient } = await generateIdentityFile();
  await explainWrite(path, async () => {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeSecretsFile(path, text);
  });
  terminal.out(`wrote ${path}: keep a copy where a lost disk does not reach it\n`);
  if (options.output !== undefined) terminal.out(`to use it: export KAWANAN_IDENTITY_FILE=${path}\n`);
  terminal.out(`recipient ${recipient}\n`);
  terminal.out(`next: kawanan secrets encrypt; where others have done that: they add you with
      kawanan secrets recipients add ${recipient}\n`);
}
