/** The format of OpenSSH's `known_hosts` (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT), without I/O. */
import { createHash, createHmac } from 'node:crypto';

export interface KnownHostLine {
  /** 1-based line in its file. */
  line: number;
  file: string;
  marker?: 'revoked' | 'cert-authority';
  /** As written: patterns, or one hash. */
  hosts: string[];
  keyType: string;
  /** The key itself, base64. */
  key: string;
}

export type HostKeyVerdict =
  | { kind: 'known' }
  /** No key of this host is recorded. */
  | { kind: 'unknown' }
  /** Other keys are recorded, not this one. */
  | { kind: 'changed'; recorded: KnownHostLine[] }
  | { kind: 'revoked'; recorded: KnownHostLine };

/** The readable lines of a known_hosts file; comments and lines that aren't understood are left out, as ssh does. */
export function parseKnownHosts(text: string, file: string): KnownHostLine[] {
  return text.split('\n').flatMap((raw, index) => {
    const words = raw.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') ? words.shift()?.slice(1) : undefined;
    const [hosts, keyType, key] = words;
    if (!hosts || hosts.startsWith('#') || !keyType || !key || !/^[A-Za-z0-9+/]+=*$/.test(key)) return [];
    if (marker !== undefined && marker !== 'revoked' && marker !== 'cert-authority') return [];
    return [{ line: index + 1, file, hosts: hosts.split(','), keyType, key, ...(marker && { marker }) }];
  });
}

/** The name under which a host is recorded: `host`, or `[host]:port` where the port isn't 22. */
export function knownHostName(host: string, port: number): string {
  const lower = host.toLowerCase();
  return port === 22 ? lower : `[${lower}]:${port}`;
}

/** What the recorded lines say of the key that a host shows. `key` is the SSH wire form. */
export function verifyHostKey(lines: KnownHostLine[], name: string, key: Uint8Array): HostKeyVerdict {
  const shown = Buffer.from(key).toString('base64');
  const ofHost = lines.filter((line) => matchesHost(line.hosts, name));
  const revoked = ofHost.find((line) => line.marker === 'revoked' && line.key === shown);
  if (revoked) return { kind: 'revoked', recorded: revoked };
  const plain = ofHost.filter((line) => line.marker === undefined);
  if (plain.some((line) => line.key === shown)) return { kind: 'known' };
  return plain.length > 0 ? { kind: 'changed', recorded: plain } : { kind: 'unknown' };
}

/** The key types recorded for a host, so that it is asked for a key that we can compare. */
export function knownKeyTypes(lines: KnownHostLine[], name: string): string[] {
  const ofHost = lines.filter((line) => line.marker === undefined && matchesHost(line.hosts, name));
  return [...new Set(ofHost.map((line) => line.keyType))];
}

/** The line that records a key, without its line break. */
export function formatKnownHost(name: string, key: Uint8Array): string {
  return `${name} ${readKeyType(key)} ${Buffer.from(key).toString('base64')}`;
}

/** Type of a public key in wire form: its first length-prefixed word. */
export function readKeyType(key: Uint8Array): string {
  const bytes = Buffer.from(key);
  return bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString('latin1');
}

/** `SHA256:…` as `ssh-keygen -l` prints it. */
export function fingerprintKey(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

function matchesHost(patterns: string[], name: string): boolean {
  let matches = false;
  for (const pattern of patterns) {
    if (pattern.startsWith('!')) {
      if (matchesPattern(pattern.slice(1), name)) return false;
    } else if (pattern.startsWith('|1|') ? matchesHash(pattern, name) : matchesPattern(pattern, name)) {
      matches = true;
    }
  }
  return matches;
}

/** `|1|salt|hash`: HMAC-SHA1 of the name, keyed with the salt; both base64. */
function matchesHash(pattern: string, name: string): boolean {
  const [, , salt = '', hash] = pattern.split('|');
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

function matchesPattern(pattern: string, name: string): boolean {
  const source = pattern
    .toLowerCase()
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(name);
}
