/** Encrypting and decrypting single values with age. The library is loaded only when a value is encrypted at all. */
import type { Identity } from 'age-encryption';

/** What decrypts: the text of a native age key, or a key that knows how to by itself. */
export type Key = string | Identity;

export type Opened = { bytes: Buffer } | { failure: 'wrong identity' | 'damaged' };

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The bytes as an age file in base64, for each of the recipients to open. They must be sound: see `checkRecipient`. */
export async function sealValue(bytes: Uint8Array, recipients: readonly string[]): Promise<string> {
  if (recipients.length === 0) throw new Error('nobody to encrypt to');
  const [{ Encrypter }, { createRecipient }] = await Promise.all([
    import('age-encryption'),
    import('./recipient.ts'),
  ]);
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(createRecipient(recipient));
  return Buffer.from(await encrypter.encrypt(new Uint8Array(bytes))).toString('base64');
}

/** Opens what `sealValue` made. Nothing that the library complains about is passed on: it may quote what it read. */
export async function openValue(ciphertext: string, keys: readonly Key[]): Promise<Opened> {
  if (ciphertext === '' || !base64.test(ciphertext)) return { failure: 'damaged' };
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  for (const key of keys) decrypter.addIdentity(key);
  try {
    return { bytes: Buffer.from(await decrypter.decrypt(Buffer.from(ciphertext, 'base64'))) };
  } catch (error) {
    const isOthers = /no identity matched/.test((error as Error).message);
    return { failure: isOthers ? 'wrong identity' : 'damaged' };
  }
}
