/**
 * SSH ed25519 keys as age recipients and identities, which age-encryption leaves to its users. The scheme and its
 * constants are those of age's own `ssh-ed25519` stanza, so that the age program opens what is written here and the
 * other way round. Source: filippo.io/age/agessh; the map between the curves: RFC 7748, section 4.1.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { type Identity, type Recipient, Stanza } from 'age-encryption';

const label = 'age-encryption.org/v1/ssh-ed25519';
const keyType = 'ssh-ed25519';
const wirePrefix = Buffer.from('0000000b7373682d6564323535313900000020', 'hex');
const nonce = Buffer.alloc(12);
const tagLength = 16;
const fileKeyLength = 16;

/** The 32 bytes of a public key in an `ssh-ed25519 AAAA…` line, or `undefined` when it is none. */
export function readPublicKey(line: string): Buffer | undefined {
  const [type, encoded = ''] = line.trim().split(/\s+/);
  if (type !== keyType || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return undefined;
  const wire = Buffer.from(encoded, 'base64');
  const isWhole =
    wire.length === wirePrefix.length + 32 && wire.subarray(0, wirePrefix.length).equals(wirePrefix);
  return isWhole ? wire.subarray(wirePrefix.length) : undefined;
}

/** The `ssh-ed25519 AAAA…` line of a public key. */
export function renderPublicKey(publicKey: Uint8Array): string {
  return `${keyType} ${Buffer.concat([wirePrefix, publicKey]).toString('base64')}`;
}

/** Encrypts to the owner of an SSH key. */
export function createSshRecipient(publicKey: Buffer): Recipient {
  const wire = Buffer.concat([wirePrefix, publicKey]);
  const theirs = toMontgomery(publicKey);
  return {
    wrapFileKey: (fileKey) => {
      const ephemeral = generateKeyPairSync('x25519').privateKey;
      const share = readPublic(createPublicKey(ephemeral));
      const key = deriveKey(tweak(agree(ephemeral, theirs), wire), share, theirs);
      const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: tagLength });
      const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
      const args = [keyType, fingerprint(wire), trimBase64(share)];
      return [new Stanza(args, new Uint8Array(body))];
    },
  };
}

/** Decrypts what was encrypted to an SSH key. `seed` is the private key's 32 bytes. */
export function createSshIdentity(seed: Buffer): { identity: Identity; recipient: string } {
  const ed25519 = createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = readPublic(createPublicKey(ed25519));
  const wire = Buffer.concat([wirePrefix, publicKey]);
  const scalar = createHash('sha512').update(seed).digest().subarray(0, 32);
  const mine = importPrivate(scalar);
  const ours = toMontgomery(publicKey);
  const identity: Identity = {
    unwrapFileKey: (stanzas) => {
      for (const { args, body } of stanzas) {
        if (args[0] !== keyType || args[1] !== fingerprint(wire)) continue;
        const share = Buffer.from(args[2] ?? '', 'base64');
        if (args.length !== 3 || share.length !== 32 || body.length !== fileKeyLength + tagLength)
          throw new Error('invalid ssh-ed25519 stanza');
        const key = deriveKey(tweak(agree(mine, share), wire), share, ours);
        const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: tagLength });
        decipher.setAuthTag(body.subarray(fileKeyLength));
        try {
          const fileKey = decipher.update(body.subarray(0, fileKeyLength));
          decipher.final();
          return new Uint8Array(fileKey);
        } catch {
          // the fingerprint has 32 bits only: another key may share it
        }
      }
      return null;
    },
  };
  return { identity, recipient: renderPublicKey(publicKey) };
}

function fingerprint(wire: Buffer): string {
  return trimBase64(createHash('sha256').update(wire).digest().subarray(0, 4));
}

function trimBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}

/** Binds what was agreed upon to the SSH key, so that it is of no use for another purpose of that key. */
function tweak(agreed: Buffer, wire: Buffer): Buffer {
  const scalar = Buffer.from(hkdfSync('sha256', Buffer.alloc(0), wire, label, 32));
  return agree(importPrivate(scalar), agreed);
}

function deriveKey(agreed: Buffer, share: Buffer, theirs: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', agreed, Buffer.concat([share, theirs]), label, 32));
}

/** X25519; refuses, as OpenSSL does, points that would make the result the same for every key. */
function agree(privateKey: KeyObject, publicKey: Buffer): Buffer {
  const key = Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), publicKey]);
  return diffieHellman({ privateKey, publicKey: createPublicKey({ key, format: 'der', type: 'spki' }) });
}

function importPrivate(scalar: Buffer): KeyObject {
  const key = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), scalar]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

function readPublic(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'der', type: 'spki' }).subarray(-32));
}

const prime = 2n ** 255n - 19n;

/** From the Edwards to the Montgomery form of a point: u = (1 + y) / (1 - y). */
function toMontgomery(publicKey: Buffer): Buffer {
  const bytes = Buffer.from(publicKey).reverse();
  bytes[0]! &= 0x7f;
  const y = BigInt(`0x${bytes.toString('hex')}`);
  const u = ((1n + y) * invert((1n - y + prime) % prime)) % prime;
  return Buffer.from(u.toString(16).padStart(64, '0'), 'hex').reverse();
}

function invert(value: bigint): bigint {
  let [result, base, exponent] = [1n, value, prime - 2n];
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % prime;
    base = (base * base) % prime;
  }
  return result;
}
