import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describeReadFailure } from '../input/read-failure.ts';
import {
  fingerprintKey,
  formatKnownHost,
  type HostKeyVerdict,
  type KnownHostLine,
  knownHostName,
  knownKeyTypes,
  parseKnownHosts,
  readKeyType,
  verifyHostKey,
} from './known-hosts.ts';
import { ConnectionError } from './remote-errors.ts';
import type { SshTarget } from './ssh-target.ts';

/** Trust given to a host that was met for the first time. */
export interface TrustRecord {
  /** Label of the target: a node's name. */
  host: string;
  address: string;
  keyType: string;
  fingerprint: string;
  /** The known_hosts file it was written to. */
  file: string;
}

/** Checks the key that one target shows. */
export interface HostKeyCheck {
  /** Key types to ask for first: those that are recorded. */
  preferred: string[];
  /** @throws ConnectionError for a key that can't be trusted. Records a first meeting. */
  verify(key: Uint8Array): Promise<void>;
}

/** Reads the known_hosts files of a target. A first meeting is recorded no sooner than `mayTrust` resolves. */
export async function prepareHostKeyCheck(
  target: SshTarget,
  onTrust: (record: TrustRecord) => void,
  mayTrust?: Promise<unknown>,
): Promise<HostKeyCheck> {
  const name = target.hostKeyAlias?.toLowerCase() ?? knownHostName(target.host, target.port);
  const lines = await readLines(target);
  return {
    preferred: knownKeyTypes(lines, name),
    verify: async (key) => {
      const verdict = verifyHostKey(lines, name, key);
      if (verdict.kind === 'known') return;
      if (verdict.kind !== 'unknown') throw explainDistrust(target, name, key, verdict);
      const fingerprint = fingerprintKey(key);
      if (target.strict) {
        throw new ConnectionError(
          target.label,
          'unknown-host-key',
          `${name} is not in known_hosts, and ~/.ssh/config says StrictHostKeyChecking yes`,
          {
            details: [`it shows ${readKeyType(key)} ${fingerprint}`],
            next: `check it, then: ssh-keyscan ${keyscanArgs(target)} >> ${target.knownHostsFiles[0]}`,
          },
        );
      }
      await mayTrust;
      const file = target.knownHostsFiles[0]!;
      await appendLine(file, formatKnownHost(name, key)).catch((error: Error) => {
        throw new ConnectionError(
          target.label,
          'key-file',
          `the host key can't be recorded: ${error.message}`,
          {
            next: `make ${file} writable for you, or name another file in ssh.known_hosts of the cluster file`,
          },
        );
      });
      onTrust({ host: target.label, address: target.host, keyType: readKeyType(key), fingerprint, file });
    },
  };
}

function explainDistrust(
  target: SshTarget,
  name: string,
  key: Uint8Array,
  verdict: Extract<HostKeyVerdict, { kind: 'changed' | 'revoked' }>,
): ConnectionError {
  const shown = `it shows ${readKeyType(key)} ${fingerprintKey(key)}`;
  if (verdict.kind === 'revoked') {
    const { file, line } = verdict.recorded;
    return new ConnectionError(
      target.label,
      'changed-host-key',
      `the host key of ${name} is marked as revoked`,
      {
        details: [shown, `revoked in ${file}:${line}`],
        next: 'do not connect: someone may hold the key of this machine; ask who looks after it',
      },
    );
  }
  const recorded = verdict.recorded.map(
    ({ keyType, key, file, line }) =>
      `recorded ${keyType} ${fingerprintKey(Buffer.from(key, 'base64'))} in ${file}:${line}`,
  );
  const file = verdict.recorded[0]!.file;
  return new ConnectionError(
    target.label,
    'changed-host-key',
    `the host key of ${name} has changed: the machine was made anew, or another one answers in its place`,
    {
      details: [shown, ...recorded],
      next: `if you know why it changed: ssh-keygen -R '${name}' -f ${file}`,
    },
  );
}

function keyscanArgs(target: SshTarget): string {
  return target.port === 22 ? target.host : `-p ${target.port} ${target.host}`;
}

async function readLines(target: SshTarget): Promise<KnownHostLine[]> {
  const files = await Promise.all(
    target.knownHostsFiles.map(async (file) => parseKnownHosts(await readIfThere(file, target), file)),
  );
  return files.flat();
}

async function readIfThere(file: string, target: SshTarget): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    const reason = describeReadFailure(error);
    throw new ConnectionError(target.label, 'key-file', `known_hosts can't be read: ${reason}`, {
      next: `make ${file} readable, or name another file in ssh.known_hosts of the cluster file`,
    });
  }
}

// Several hosts are met side by side: one line after the other, each on a line of its own.
let appending: Promise<void> = Promise.resolve();

function appendLine(file: string, line: string): Promise<void> {
  const append = async (): Promise<void> => {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const before = await readFile(file, 'utf8').catch(() => '');
    const separator = before === '' || before.endsWith('\n') ? '' : '\n';
    await appendFile(file, `${separator}${line}\n`, { mode: 0o600 });
  };
  const done = appending.then(append);
  appending = done.catch(() => {});
  return done;
}
