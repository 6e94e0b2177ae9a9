import { readFile, stat } from 'node:fs/promises';
import type { ParsedKey } from 'ssh2';
import { describeReadFailure } from '../input/read-failure.ts';
import { ConnectionError } from './remote-errors.ts';
import type { SshTarget } from './ssh-target.ts';

/** One way to prove who we are; `name` is what a failure lists as tried. */
export type Credential =
  | { type: 'key'; name: string; key: ParsedKey }
  | { type: 'agent'; name: string; socket: string }
  /** Its passphrase is asked for only when all before it failed. */
  | { type: 'locked-key'; name: string; path: string; content: string };

export interface CredentialOptions {
  /** Absent where nobody can be asked. */
  askPassphrase?: (keyPath: string) => Promise<string>;
  /** Until then the user is asked for nothing, and no host is trusted that wasn't before. At once unless told. */
  mayAsk?: Promise<unknown>;
}

/**
 * The ways to prove who we are, in the order they are tried: usable keys, the agent, keys with a passphrase.
 *
 * @throws ConnectionError when a key that was named can't be used.
 */
export async function collectCredentials(
  target: SshTarget,
): Promise<{ usable: Credential[]; unusable: string[] }> {
  const keys: Credential[] = [];
  const locked: Credential[] = [];
  const unusable: string[] = [];
  for (const { path, named } of target.keys) {
    const read = await readKey(path);
    if (read.kind === 'usable') keys.push({ type: 'key', name: path, key: read.key });
    else if (read.kind === 'locked')
      locked.push({ type: 'locked-key', name: path, path, content: read.content });
    else if (named) throw explainKeyFile(target, path, read);
    else if (read.kind !== 'absent') unusable.push(`${path} (${read.reason})`);
  }
  const agent: Credential[] =
    target.agent === undefined ? [] : [{ type: 'agent', name: 'keys of the agent', socket: target.agent }];
  return { usable: [...keys, ...agent, ...locked], unusable };
}

/**
 * The key behind a passphrase.
 *
 * @throws ConnectionError when nobody can be asked, or the passphrase is wrong.
 */
export async function unlockKey(
  target: SshTarget,
  credential: Extract<Credential, { type: 'locked-key' }>,
  options: CredentialOptions,
): Promise<ParsedKey> {
  const { path, content } = credential;
  if (!options.askPassphrase) {
    throw new ConnectionError(
      target.label,
      'key-file',
      `the key ${path} has a passphrase, and nobody can be asked for it here`,
      {
        next: `ssh-add ${path}`,
      },
    );
  }
  await options.mayAsk;
  const { utils } = (await import('ssh2')).default;
  const key = utils.parseKey(content, await options.askPassphrase(path));
  if (key instanceof Error) {
    throw new ConnectionError(target.label, 'key-file', `this is not the passphrase of ${path}`, {
      next: 'run the same command again',
    });
  }
  return key;
}

type KeyFile =
  | { kind: 'usable'; key: ParsedKey }
  | { kind: 'locked'; content: string }
  | { kind: 'absent'; reason: string }
  | { kind: 'open'; reason: string }
  | { kind: 'unreadable'; reason: string }
  | { kind: 'no-key'; reason: string };

async function readKey(path: string): Promise<KeyFile> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
    const { mode, uid } = await stat(path);
    // as ssh does: a private key that others can read is refused when it is ours
    if (process.getuid?.() === uid && (mode & 0o077) !== 0) {
      return { kind: 'open', reason: `others may read it: mode ${(mode & 0o777).toString(8)}` };
    }
  } catch (error) {
    const reason = describeReadFailure(error);
    return { kind: (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'absent' : 'unreadable', reason };
  }
  const { utils } = (await import('ssh2')).default;
  const key = utils.parseKey(content);
  if (!(key instanceof Error)) {
    const first = Array.isArray(key) ? (key as ParsedKey[])[0]! : key;
    return first.isPrivateKey()
      ? { kind: 'usable', key: first }
      : { kind: 'no-key', reason: 'it is a public key' };
  }
  if (/encrypted|passphrase/i.test(key.message)) return { kind: 'locked', content };
  return { kind: 'no-key', reason: 'it is not a private key in a format we know' };
}

function explainKeyFile(
  target: SshTarget,
  path: string,
  file: Exclude<KeyFile, { kind: 'usable' | 'locked' }>,
): ConnectionError {
  const next = {
    absent: 'name a key that exists in ssh.key of the cluster file, or make one: ssh-keygen -t ed25519',
    open: `chmod 600 ${path}`,
    unreadable: `make ${path} readable for you`,
    'no-key': 'name the private key (without .pub), made by ssh-keygen',
  }[file.kind];
  return new ConnectionError(target.label, 'key-file', `the key ${path} can't be used: ${file.reason}`, {
    next,
  });
}
