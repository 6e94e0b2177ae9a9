import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { generateIdentityFile, readIdentities } from '../../src/secrets/identities.ts';
import { openValue, sealValue } from '../../src/secrets/seal.ts';
import { createSshIdentity, readPublicKey, renderPublicKey } from '../../src/secrets/ssh-ed25519.ts';

// made for these tests alone, by ssh-keygen
const sshKey = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACDabTo5tZ+9m3j6cwoXQj1D3i49sn37qdgpKfCBb2cuOAAAAJBWSsIAVkrC
AAAAAAtzc2gtZWQyNTUxOQAAACDabTo5tZ+9m3j6cwoXQj1D3i49sn37qdgpKfCBb2cuOA
AAAEDle1Lbrephr9WuEijSxsxSau6IlBRepW8/8JJNA7rRidptOjm1n72bePpzChdCPUPe
Lj2yffup2Ckp8IFvZy44AAAADHRlc3RAa2F3YW5hbgE=
-----END OPENSSH PRIVATE KEY-----
`;
const sshPublicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINptOjm1n72bePpzChdCPUPeLj2yffup2Ckp8IFvZy44';
// `echo -n 'made by age' | age -r "$sshPublicKey"`, age 1.1.1
const madeByAge =
  'YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNzaC1lZDI1NTE5IHl2UFAwZyBTQm5oc0dvRmVqSU0yTld5bGs4dGkzQmpWdnhHR0RueVF5bWtOTkl6SlQ4CjJPL05VU2xNNUV1ZFJHODlUWmc0cXAyaDY2cTVqTWg2Q0RlODUwYStkQlkKLS0tIGRpZ2Q1emVBMmExYlJWUWtjQjlKY0d5Y2h1cU93dEVERW55MEZ2VzR1Mk0Kg+4ptRO2kkTXnuGQHskNpIep7w5pxDM6csKQpQz7EpFtBxD1V1MNLUHMeg==';

async function makeKey() {
  const { text, recipient } = await generateIdentityFile();
  const { keys } = await readIdentities({ KAWANAN_IDENTITY: text });
  return { keys, recipient };
}

describe('a sealed value', () => {
  test('is what it was for every recipient, whatever its bytes, and for nobody else', async () => {
    const [one, two, other] = await Promise.all([makeKey(), makeKey(), makeKey()]);
    const ssh = createSshIdentity(Buffer.alloc(32, 7));
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const sealed = await sealValue(bytes, [one.recipient, two.recipient, ssh.recipient]);
        for (const keys of [one.keys, two.keys, [ssh.identity], [...other.keys, ...two.keys]])
          expect(await openValue(sealed, keys)).toEqual({ bytes: Buffer.from(bytes) });
        expect(await openValue(sealed, other.keys)).toEqual({ failure: 'wrong identity' });
      }),
      { numRuns: 15 },
    );
  });

  test('is never opened to something else once a byte of it has changed', async () => {
    const { keys, recipient } = await makeKey();
    const sealed = Buffer.from(await sealValue(Buffer.from('mark3r'), [recipient]), 'base64');
    await fc.assert(
      fc.asyncProperty(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const damaged = Buffer.from(sealed);
        damaged[at]! ^= flip;
        expect(await openValue(damaged.toString('base64'), keys)).toHaveProperty('failure');
        const cut = sealed.subarray(0, at).toString('base64');
        expect(await openValue(cut, keys)).toHaveProperty('failure');
      }),
      { numRuns: 50 },
    );
  });
});

describe('an SSH key', () => {
  test('opens what the age program encrypted to it', async () => {
    const { keys, recipients } = await readIdentities({ KAWANAN_IDENTITY: sshKey });
    expect(recipients).toEqual([sshPublicKey]);
    expect(await openValue(madeByAge, keys)).toEqual({ bytes: Buffer.from('made by age') });
  });

  test('opens what is encrypted to any key of its kind', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 32 }), async (seed) => {
        const { identity, recipient } = createSshIdentity(Buffer.from(seed));
        expect(renderPublicKey(readPublicKey(recipient)!)).toBe(recipient);
        const sealed = await sealValue(Buffer.from('x'), [recipient]);
        expect(await openValue(sealed, [identity])).toEqual({ bytes: Buffer.from('x') });
        expect(await openValue(madeByAge, [identity])).toEqual({ failure: 'wrong identity' });
      }),
      { numRuns: 10 },
    );
  });
});

describe('identities', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kawanan-identities-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const write = async (name: string, text: string, mode = 0o600): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, text);
    await chmod(path, mode);
    return path;
  };

  test('come from the variable, from files, or from the usual file, which may be missing', async () => {
    const [a, b] = await Promise.all([generateIdentityFile(), generateIdentityFile()]);
    const usual = { XDG_CONFIG_HOME: folder };
    expect(await readIdentities(usual)).toMatchObject({
      keys: [],
      places: [`${folder}/kawanan/identity.txt`],
    });
    const both = await write('both', `${a.text}\n# and\n${b.text}`);
    const ssh = await write('ssh', sshKey);
    expect((await readIdentities({ ...usual, KAWANAN_IDENTITY_FILE: `${both}:${ssh}` })).recipients).toEqual([
      a.recipient,
      b.recipient,
      sshPublicKey,
    ]);
    const all = { ...usual, KAWANAN_IDENTITY: b.text, KAWANAN_IDENTITY_FILE: ssh };
    expect((await readIdentities(all)).recipients).toEqual([b.recipient, sshPublicKey]);
  });

  test.each([
    ['nothing', '# only this\n', 0o600, 'there is no identity in it'],
    ['something else', 'mark3r', 0o600, 'a line of it is no age identity'],
    ['a damaged identity', 'AGE-SECRET-KEY-1MARK3R', 0o600, 'a line of it is no age identity'],
    ['a plugin', 'AGE-PLUGIN-YUBIKEY-1MARK3R', 0o600, 'identities of age plugins are not supported'],
    [
      'a damaged SSH key',
      sshKey.replace(/AAAEDle1.*\n/, 'mark3r\n'),
      0o600,
      'this private key can not be read',
    ],
    ['what others may read', sshKey, 0o640, 'others may read this private key'],
  ])('with %s are refused without being quoted', async (_, text, mode, message) => {
    const path = await write('wrong', text, mode);
    const error = await readIdentities({ KAWANAN_IDENTITY_FILE: path }).catch((one: unknown) => one);
    expect((error as InputError).problems).toEqual([
      { file: path, message, next: expect.not.stringMatching(/mark3r/i) },
    ]);
  });

  test('that are named but missing are refused', async () => {
    await expect(readIdentities({ KAWANAN_IDENTITY_FILE: join(folder, 'nowhere') })).rejects.toThrow(
      InputError,
    );
  });
});
