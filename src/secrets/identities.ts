/** Finds the private keys that decrypt a secrets file. */
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { InputError, type Problem } from '../errors.ts';
import { describeReadFailure } from '../input/read-failure.ts';
import type { Key } from './seal.ts';

export interface Identities {
  keys: Key[];
  /** Their public halves. */
  recipients: string[];
  /** Where they were looked for, for messages. */
  places: string[];
}

/** Variables that hold a private key or say where one is; kept from programs that are started. */
export const identityVariables = ['KAWANAN_IDENTITY', 'KAWANAN_IDENTITY_FILE'] as const;

/** The file where an identity is expected when no variable says otherwise. */
export function findIdentityFile(env: NodeJS.ProcessEnv): string {
  const config = env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config');
  return join(config, 'kawanan', 'identity.txt');
}

/**
 * All keys of `KAWANAN_IDENTITY` (the key itself) and `KAWANAN_IDENTITY_FILE` (files, as in PATH); without both those
 * of the default file, which need not be there.
 *
 * @throws InputError when a file can't be read, others may read it, or it holds something else; no key is quoted.
 */
export async function readIdentities(env: NodeJS.ProcessEnv): Promise<Identities> {
  const [text, files] = identityVariables.map((name) => env[name] || undefined);
  const found: Identities = { keys: [], recipients: [], places: [] };
  const problems: Problem[] = [];
  const take = async (place: string, content: string, file?: string): Promise<void> => {
    found.places.push(place);
    const parsed = await parseIdentities(content);
    if ('message' in parsed) problems.push({ ...parsed, ...(file ? { file } : { path: place }) });
    else {
      found.keys.push(...parsed.keys);
      found.recipients.push(...parsed.recipients);
    }
  };
  if (text !== undefined) await take('KAWANAN_IDENTITY', text);
  const isDefault = text === undefined && files === undefined;
  const paths = isDefault ? [findIdentityFile(env)] : (files?.split(delimiter).filter(Boolean) ?? []);
  for (const path of paths) {
    const read = await readPrivateFile(path.replace(/^~(?=\/)/, env['HOME'] || homedir()));
    if ('content' in read) await take(path, read.content, path);
    else if (isDefault && read.message === missing) found.places.push(path);
    else problems.push({ file: path, ...read });
  }
  if (problems.length > 0) throw new InputError(problems);
  return found;
}

const missing = 'there is no such identity file';

async function readPrivateFile(
  path: string,
): Promise<{ content: string } | { message: string; next: string }> {
  try {
    const facts = await stat(path);
    const { mode } = facts;
    if (!facts.isDirectory() && process.platform !== 'win32' && (mode & 0o077) !== 0)
      return { message: 'others may read this private key', next: `chmod 600 ${path}` };
    return { content: await readFile(path, 'utf8') };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return { message: missing, next: 'kawanan secrets keygen makes one' };
    return {
      message: `the identity file can't be read: ${describeReadFailure(error)}`,
      next: 'look at its owner and mode',
    };
  }
}

type Parsed = Pick<Identities, 'keys' | 'recipients'> | { message: string; next: string };

const keyForm =
  'an identity file has AGE-SECRET-KEY-1… on a line, or is the private file of an ssh-ed25519 key';

async function parseIdentities(content: string): Promise<Parsed> {
  if (content.includes('-----BEGIN ')) return parseSshKey(content);
  const lines = content
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.length === 0) return { message: 'there is no identity in it', next: keyForm };
  if (lines.some((line) => /^AGE-PLUGIN-/i.test(line)))
    return { message: 'identities of age plugins are not supported', next: keyForm };
  const { Decrypter, identityToRecipient } = await import('age-encryption');
  try {
    for (const line of lines) new Decrypter().addIdentity(line);
    return { keys: lines, recipients: await Promise.all(lines.map((line) => identityToRecipient(line))) };
  } catch {
    return { message: 'a line of it is no age identity', next: keyForm };
  }
}

async function parseSshKey(content: string): Promise<Parsed> {
  const [{ default: ssh2 }, { createPrivateKey }, { createSshIdentity }] = await Promise.all([
    import('ssh2'),
    import('node:crypto'),
    import('./ssh-ed25519.ts'),
  ]);
  const key = ssh2.utils.parseKey(content);
  if (key instanceof Error) {
    return /passphrase|encrypted/i.test(key.message)
      ? {
          message: 'this SSH key has a passphrase, which is not supported here',
          next: 'use an age identity (kawanan secrets keygen), or a copy without a passphrase in memory-backed storage',
        }
      : { message: 'this private key can not be read', next: keyForm };
  }
  if (key.type !== 'ssh-ed25519')
    return { message: `an SSH key of type ${key.type} can't be used: only ssh-ed25519`, next: keyForm };
  try {
    const { d } = createPrivateKey(key.getPrivatePEM()).export({ format: 'jwk' });
    const { identity, recipient } = createSshIdentity(Buffer.from(d ?? '', 'base64url'));
    return { keys: [identity], recipients: [recipient] };
  } catch {
    return { message: 'this private key can not be read', next: keyForm };
  }
}

/** Makes a new age identity: the text of its file, and the recipient to give to others. */
export async function generateIdentityFile(): Promise<{ text: string; recipient: string }> {
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  return { text: `# public key: ${recipient}\n${identity}\n`, recipient };
}
