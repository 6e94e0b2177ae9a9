/** Files that a user named to be written: what keeps them from it, in words. */
import { access, constants, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { InputError, UserError } from '../errors.ts';
import { describeReadFailure } from '../input/read-failure.ts';

/** Runs `write`, which writes the file at `path`. @throws UserError where the system refuses it. */
export async function explainWrite<Result>(path: string, write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    throw new UserError(`${path} can't be written: ${describeWriteFailure(cause)}`, {
      next: 'name another file',
      cause,
    });
  }
}

/**
 * Looks whether the file at `path` could be written, before there is anything to write. `cwd` is what it is relative to.
 *
 * @throws InputError
 */
export async function checkWritable(path: string, cwd: string): Promise<void> {
  const refuse = (reason: string): InputError =>
    new InputError({ file: path, message: `can't be written: ${reason}`, next: 'name another file' });
  const file = resolve(cwd, path);
  const facts = await stat(file).catch(() => undefined);
  if (facts?.isDirectory()) throw refuse('it is a folder');
  await access(facts ? file : dirname(file), constants.W_OK).catch((error) => {
    throw refuse(describeWriteFailure(error));
  });
}

function describeWriteFailure(error: unknown): string {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such folder';
  // A folder was to be made where a file is.
  if (code === 'EEXIST' && syscall === 'mkdir') return 'part of its path is not a folder';
  return describeReadFailure(error);
}
