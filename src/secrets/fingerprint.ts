import { createHmac } from 'node:crypto';
import type { SecretValue } from './secret-value.ts';

/**
 * Keyed hash (HMAC-SHA256, hex) by which two values of one secret are compared without either being known. The name
 * is bound in, so that equal values of two secrets don't show as equal; without the key weak values can't be guessed.
 * In front stands what tells the key from other keys: fingerprints made with two keys say nothing about each other.
 */
export function fingerprintSecret(key: SecretValue, name: string, value: SecretValue): string {
  const hash = createHmac('sha256', key.reveal())
    .update(JSON.stringify(['secret', name]))
    .update(value.reveal());
  const keyName = createHmac('sha256', key.reveal())
    .update(JSON.stringify(['key']))
    .digest('hex')
    .slice(0, 8);
  return `${keyName}.${hash.digest('hex')}`;
}

/** Whether two fingerprints were made with one key, so that they differ exactly when the values do. */
export function areComparable(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && a.split('.')[0] === b.split('.')[0];
}
