import { open, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Readable and writable by its owner alone. */
export const secretsFileMode = 0o600;

/**
 * Writes a whole secrets file: a new one beside it that nobody else can read, synced, then swapped in. Follows a
 * symlink. Another mode than 0600 is for a file with encrypted values only.
 */
export async function writeSecretsFile(
  path: string,
  text: string,
  mode: number = secretsFileMode,
): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const half = join(dirname(target), `.${basename(target)}.half`);
  // what a killed run left there is as secret as the file itself
  await rm(half, { force: true });
  try {
    const file = await open(half, 'wx', secretsFileMode);
    try {
      await file.writeFile(text);
      await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(half, target);
  } finally {
    await rm(half, { force: true });
  }
}
