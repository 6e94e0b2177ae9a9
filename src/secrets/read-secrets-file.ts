/** The secrets file on disk: read with its mode checked, and written back whole. */
import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InputError, type Problem, UserError } from '../errors.ts';
import { decodeBytes } from '../input/decode-text.ts';
import { describeReadFailure } from '../input/read-failure.ts';
import { parseSecretsDocument, type SecretsDocument } from './secrets-file.ts';
import { secretsFileMode, writeSecretsFile } from './write-secrets-file.ts';

export interface SecretsFile {
  path: string;
  /** As it is written: encrypted values stay so. */
  text: string;
  /** Permission bits. */
  mode: number;
  /** Without entries where the file can't be read as one. */
  document: SecretsDocument;
  /** What is wrong with mode and text. */
  problems: Problem[];
}

/**
 * Reads a secrets file. What is wrong inside is returned, to be reported together with what else is wrong.
 *
 * @throws InputError when there is none or it can't be read.
 */
export async function readSecretsFile(path: string): Promise<SecretsFile> {
  const [text, { mode: fullMode }] = await readTextAndMode(path);
  const mode = fullMode & 0o777;
  const problems: Problem[] = [];
  let document: SecretsDocument = { entries: [] };
  let isReadable = false;
  try {
    document = parseSecretsDocument(text, path);
    isReadable = true;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    problems.push(...error.problems);
  }
  // whether values stand in it in plain text can't be known of what can't be read
  const isSealed = isReadable && listPlain(document).length === 0;
  return { path, text, mode, document, problems: [...checkMode(path, mode, isSealed), ...problems] };
}

/**
 * The same, refused when anything is wrong.
 *
 * @throws InputError
 */
export async function readSoundSecretsFile(path: string): Promise<SecretsFile> {
  const file = await readSecretsFile(path);
  if (file.problems.length > 0) throw new InputError(file.problems);
  return file;
}

/**
 * Puts a new text in the file's place, readable by its owner alone; one that was open to others stays so as long as
 * all values in it are encrypted.
 *
 * @throws UserError when somebody else wrote the file meanwhile; InputError when its list of recipients got lost.
 */
export async function saveSecretsFile(file: SecretsFile, text: string): Promise<void> {
  const [present] = await readTextAndMode(file.path);
  if (present !== file.text)
    throw new UserError(`${file.path} was changed by somebody else meanwhile, and was left alone`, {
      next: 'run the same command again',
    });
  const document = parseSecretsDocument(text, file.path);
  refuseLostList(file, document);
  const isSealed = listPlain(document).length === 0;
  await writeSecretsFile(file.path, text, isSealed ? file.mode : secretsFileMode);
}

/** Without the list, what is new would stand in plain text beside values that are encrypted. */
function refuseLostList({ path, document: before }: SecretsFile, after: SecretsDocument): void {
  if (after.recipients?.length) return;
  if (![...before.entries, ...after.entries].some(({ source }) => source.from === 'age')) return;
  throw new InputError({
    file: path,
    message: 'it has encrypted values, but no list of recipients: nobody is there to encrypt to',
    next: 'put recipients: back at its end, or make the list anew with yourself on it: kawanan secrets encrypt',
  });
}

/** Writes a secrets file where there was none, in a folder that may not be there yet. */
export async function createSecretsFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeSecretsFile(path, text);
}

/** Names of the entries whose value anybody who sees the file can read. */
export function listPlain({ entries }: SecretsDocument): string[] {
  return entries
    .filter(({ source }) => source.from === 'value' || source.from === 'template')
    .map(({ name }) => name);
}

/** A warning where values stand in plain text; templates are none as long as nothing is encrypted. */
export function describePlainText(document: SecretsDocument, path: string): string | undefined {
  const { entries, recipients } = document;
  if (recipients === undefined)
    return entries.some(({ source }) => source.from === 'value')
      ? `${path} holds its values in plain text; encrypt them: kawanan secrets encrypt`
      : undefined;
  const names = listPlain(document);
  if (names.length === 0) return undefined;
  return `${path} holds in plain text: ${names.join(', ')}; encrypt them: kawanan secrets encrypt`;
}

async function readTextAndMode(path: string): Promise<[string, { mode: number }]> {
  try {
    const [bytes, facts] = await Promise.all([readFile(path), stat(path)]);
    return [decodeBytes(bytes, path), facts];
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(
      (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? {
            file: path,
            message: 'there is no secrets file',
            next: `kawanan init writes one; or: install -m 600 secrets.example ${path}`,
          }
        : {
            file: path,
            message: `the secrets file can't be read: ${describeReadFailure(error)}`,
            next: 'look at its owner and mode',
          },
    );
  }
}

function checkMode(path: string, mode: number, isSealed: boolean): Problem[] {
  if (process.platform === 'win32') return [];
  const toOthers = mode & 0o077;
  // what is encrypted may be read by all, but who can write it could put a value of his own there
  if (toOthers === 0 || (isSealed && (toOthers & 0o022) === 0)) return [];
  const shown = mode.toString(8).padStart(4, '0');
  return isSealed
    ? [{ file: path, message: `others may write this file (mode ${shown})`, next: `chmod go-w ${path}` }]
    : [{ file: path, message: `others may read this file (mode ${shown})`, next: `chmod 600 ${path}` }];
}
