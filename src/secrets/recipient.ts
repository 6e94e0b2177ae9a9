/** Who a value can be encrypted to. */
import { Encrypter, type Recipient } from 'age-encryption';
import { createSshRecipient, readPublicKey } from './ssh-ed25519.ts';

/** What is wrong with the text of a recipient, or `undefined`. Never quotes it: it may be a private key. */
export function checkRecipient(text: string): { message: string; next: string } | undefined {
  const next = 'a recipient is age1… (kawanan secrets keygen prints yours) or ssh-ed25519 AAAA…';
  if (/^AGE-SECRET-KEY-/i.test(text) || text.includes('PRIVATE KEY'))
    return { message: 'this is a private key: whoever saw it can decrypt what it opens', next };
  if (/^(ssh-rsa|ecdsa-|sk-)/.test(text))
    return { message: 'of SSH keys only those of type ssh-ed25519 can be used', next };
  try {
    new Encrypter().addRecipient(createRecipient(text));
    return undefined;
  } catch {
    return { message: 'this is no recipient, or it is damaged', next };
  }
}

/** What the library encrypts to. */
export function createRecipient(text: string): string | Recipient {
  const publicKey = readPublicKey(text);
  return publicKey ? createSshRecipient(publicKey) : text;
}
