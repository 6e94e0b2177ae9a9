import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import pico from 'picocolors';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { errorToJson, formatError } from '../../src/output/print-error.ts';
import { generateIdentityFile } from '../../src/secrets/identities.ts';
import { createSecretsLayerOn } from '../../src/secrets/layer.ts';
import { type LoadSecretsOptions, loadSecrets } from '../../src/secrets/load-secrets.ts';
import { sealPlain } from '../../src/secrets/reseal.ts';
import { sealValue } from '../../src/secrets/seal.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { parseSecretsDocument } from '../../src/secrets/secrets-file.ts';
import { addRecipient, removeRecipient, setEntries } from '../../src/secrets/set-entries.ts';
import { anyText } from '../any-text.ts';
import { createFakeSwarm } from './fake-swarm.ts';

let folder: string;
let file: string;
let [alice, bob] = [
  { text: '', recipient: '' },
  { text: '', recipient: '' },
];
beforeAll(async () => {
  [alice, bob] = await Promise.all([generateIdentityFile(), generateIdentityFile()]);
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kawanan-encrypted-'));
  file = join(folder, 'secrets.yml');
});
afterEach(() => rm(folder, { recursive: true }));

const write = (text: string): Promise<void> => writeFile(file, text, { mode: 0o600 });
const as = (identity: string, more: Partial<LoadSecretsOptions> = {}): LoadSecretsOptions => ({
  variables: { KAWANAN_VIP: '10.0.0.9' },
  env: { HOME: folder, KAWANAN_IDENTITY: identity },
  write: false,
  ...more,
});
const reveal = (loaded: Awaited<ReturnType<typeof loadSecrets>>): Record<string, string> =>
  Object.fromEntries(
    [...loaded].map(([name, value]) => [
      name,
      value instanceof SecretValue ? value.reveal().toString() : value,
    ]),
  );
const failure = (options: LoadSecretsOptions): Promise<unknown> =>
  loadSecrets(file, options).then(
    () => undefined,
    (error: unknown) => error,
  );
const say = (error: unknown): string =>
  formatError(error, pico.createColors(false)).join('\n').replaceAll(folder, 'DIR');
const recipients = (): string => `recipients: [${alice.recipient}, ${bob.recipient}]\n`;

test('encrypted values, templates and plain ones load alike, for each recipient', async () => {
  await write(
    (await sealPlain(`a: x1\nurl: {template: "http://\${KAWANAN_VIP}"}\n${recipients()}`, file)).text,
  );
  const values = { a: 'x1', url: 'http://10.0.0.9' };
  expect(reveal(await loadSecrets(file, as(alice.text)))).toEqual(values);
  expect(reveal(await loadSecrets(file, as(bob.text)))).toEqual(values);
});

test('what is generated is written back encrypted, and once', async () => {
  await write(`# mine\na: generate # keep\nb: {generate: {length: 8, charset: hex}}\n${recipients()}`);
  const made = reveal(await loadSecrets(file, as(alice.text, { write: true })));
  const text = await readFile(file, 'utf8');
  expect(text.replace(/age: [\w+/=]+/g, 'age: …')).toBe(
    `# mine\na: {age: …} # keep\nb: {age: …}\n${recipients()}`,
  );
  expect(reveal(await loadSecrets(file, as(bob.text, { write: true })))).toEqual(made);
  expect(await readFile(file, 'utf8')).toBe(text);
});

test('a damaged recipient keeps values from being generated', async () => {
  const text = `a: generate\nrecipients: [${alice.recipient}x]\n`;
  await write(text);
  expect(say(await failure(as(alice.text, { write: true })))).toContain(
    'DIR/secrets.yml recipients[0]: this is no recipient',
  );
  expect(await readFile(file, 'utf8')).toBe(text);
});

test.each([
  [
    'all values in plain text',
    'a: x\n',
    'DIR/secrets.yml holds its values in plain text; encrypt them: kawanan secrets encrypt',
  ],
  [
    'some in plain text',
    'a: x\nb: y\nrecipients: [ALICE]\n',
    'DIR/secrets.yml holds in plain text: a, b; encrypt them: kawanan secrets encrypt',
  ],
  ['references only', 'a: {env: HOME}\n', undefined],
])('a file with %s loads with the warning it deserves', async (_, text, warning) => {
  await write(text.replace('ALICE', alice.recipient));
  const said: string[] = [];
  await loadSecrets(
    file,
    as(alice.text, { warn: (message) => said.push(message.replaceAll(folder, 'DIR')) }),
  );
  expect(said).toEqual(warning === undefined ? [] : [warning]);
});

describe('what can not be decrypted is explained, once', () => {
  const sealed = async (...names: string[]): Promise<string> =>
    (
      await sealPlain(
        `${names.map((name) => `${name}: mark3r\n`).join('')}recipients: [${alice.recipient}]\n`,
        file,
      )
    ).text;

  test('for want of an identity', async () => {
    await write(await sealed('a', 'b'));
    expect(say(await failure({ ...as(''), env: { HOME: folder } }))).toBe(
      'error DIR/secrets.yml: there is no identity to decrypt the values with\n  next put the private key into DIR/.config/kawanan/identity.txt, or say where it is: KAWANAN_IDENTITY_FILE=…',
    );
  });

  test('for a wrong identity', async () => {
    await write(await sealed('a', 'b', 'c', 'd'));
    expect(say(await failure(as(bob.text)))).toBe(
      `error DIR/secrets.yml: encrypted to others, and not to the identity of KAWANAN_IDENTITY: a, b, c and 1 more\n  next somebody who can decrypt it adds you: kawanan secrets recipients add ${bob.recipient}`,
    );
  });

  test('for damage, together with what else is wrong', async () => {
    // a byte of the value itself, which stands at the end
    const flip = (_: string, char: string, end: string): string => `${char === 'A' ? 'B' : 'A'}${end}`;
    const damaged = (await sealed('a')).replace(/(.)(.{12}\}\n)/, flip);
    await write(`${damaged}b: {env: NONE}\n`);
    expect(say(await failure(as(alice.text)))).toBe(
      [
        'error DIR/secrets.yml:1:4 a: the encrypted value is damaged',
        '  next take the line from a copy of the file, or give it a new value: kawanan secrets set a',
        'error DIR/secrets.yml:3:4 b: the environment variable NONE is not set',
        '  next export NONE=…',
        '2 problems; nothing was changed',
      ].join('\n'),
    );
  });

  test('for damage to what says who may open it, which looks like a value for others', async () => {
    const damaged = (await sealed('a')).replace(/(?<=age: )[^ }]+/, (text) => {
      const bytes = Buffer.from(text, 'base64');
      // the key that is wrapped for the recipient, itself in base64 on the third line
      const at = bytes.indexOf('\n', bytes.indexOf('\n') + 1) + 1;
      bytes.write(bytes.toString('latin1', at, at + 1) === 'A' ? 'B' : 'A', at);
      return bytes.toString('base64');
    });
    await write(damaged);
    expect(say(await failure(as(alice.text)))).toBe(
      [
        'error DIR/secrets.yml:1:4 a: the encrypted value is damaged, or was encrypted before you were on the list of recipients',
        '  next take the line from a copy of the file, or give it a new value: kawanan secrets set a',
      ].join('\n'),
    );
  });

  test('for what is no ciphertext at all', async () => {
    await write('a: {age: mark3r!}\n');
    expect(say(await failure(as(alice.text)))).toBe(
      [
        'error DIR/secrets.yml:1:10 a.age: an encrypted value is base64; this one is damaged',
        '  next take the line from a copy of the file, or remove the entry and give it a new value: kawanan secrets set NAME',
      ].join('\n'),
    );
  });

  test('and an entry that nobody asked for may be', async () => {
    await write(`${await sealed('a')}b: x\n`);
    const loaded = await loadSecrets(file, { ...as(''), env: { HOME: folder }, only: ['b'] });
    expect(reveal(loaded)).toEqual({ b: 'x' });
  });
});

test('an empty value and one that swarm does not take are refused after decryption, too', async () => {
  const seal = (bytes: Buffer): Promise<string> => sealValue(bytes, [alice.recipient]);
  await write(`a: {age: ${await seal(Buffer.alloc(0))}}\nb: {age: ${await seal(Buffer.alloc(512_000))}}\n`);
  expect(
    say(await failure(as(alice.text)))
      .split('\n')
      .filter((line) => line.startsWith('error')),
  ).toEqual([
    'error DIR/secrets.yml:1:4 a: the value is empty, which swarm does not take',
    'error DIR/secrets.yml:2:4 b: the value has 512000 bytes; swarm takes less than 512000',
  ]);
});

test('a program that gives a value is not given the identity', async () => {
  await write(`a: {command: [sh, -c, 'echo "$KAWANAN_IDENTITY$HOME"']}\n`);
  expect(reveal(await loadSecrets(file, as(alice.text)))).toEqual({ a: folder });
});

test("another operator's identity, and values encrypted anew, are no change to the swarm", async () => {
  const swarm = createFakeSwarm();
  const { signal } = new AbortController();
  const plan = async (identity: string) => {
    const loaded = await loadSecrets(file, as(identity));
    const layer = createSecretsLayerOn(new Map(loaded), 'shop', async () => swarm);
    const observed = await layer.observe(signal);
    if (observed.kind !== 'observed') throw new Error('the swarm is there');
    return { layer, plan: layer.plan(observed.value, new Map()) };
  };
  const text = `a: x\nb: y\n${recipients()}`;
  await write((await sealPlain(text, file)).text);
  const first = await plan(alice.text);
  for (const change of first.plan.changes) await first.layer.apply(change, { signal, report: () => {} });
  await rm(file);
  await write((await sealPlain(text, file)).text);
  expect((await plan(bob.text)).plan).toMatchObject({ changes: [], unchanged: 2 });
});

test('no error shows a value, however it is printed', async () => {
  const marker = 'mark3r-hunter2';
  const sealed = (await sealPlain(`a: ${marker}\n${recipients()}`, file)).text;
  const texts = [
    `${sealed}b: {env: NONE}\n`,
    `${sealed}b: {valeu: ${marker}}\n`,
    `${sealed}b: ${marker}: x\n`,
    `${sealed}b: {age: ${marker}}\n`,
    `${sealed}b: {template: {age: ${marker}, x: ${marker}}}\n`,
    `a: ${marker}\nrecipients: [${marker}]\n`,
    `a: ${marker}\nrecipients: [{x: ${marker}}]\n`,
    `a: ${marker}\nrecipients: [${alice.text.split('\n')[1]}]\n`,
    `a: generate\nb: {template: "\${${marker}"}\n`,
  ];
  for (const text of texts) {
    await rm(file, { force: true });
    await write(text);
    const error = await failure(as(alice.text, { write: true }));
    expect(error).toBeDefined();
    const shown = [say(error), inspect(error, { depth: 9 }), JSON.stringify(errorToJson(error))].join('\n');
    expect(shown).not.toContain(marker);
    expect(shown).not.toContain('AGE-SECRET-KEY');
  }
});

describe('writing into the text', () => {
  const start = '# top\n\nb: 1 # one\n"a-1": {env: X}\n\n# end\n';

  test('puts any text in, in old places and new, and changes nothing else', () => {
    fc.assert(
      fc.property(anyText, fc.string({ unit: 'grapheme' }), (old, added) => {
        const text = setEntries(
          start,
          file,
          new Map([
            ['b', { from: 'value', text: old } as const],
            ['new', { from: 'template', text: added } as const],
          ]),
        );
        expect(text.startsWith('# top\n\nb: ')).toBe(true);
        expect(text).toContain(' # one\n"a-1": {env: X}\n\n# end\nnew: ');
        expect(parseSecretsDocument(text, file).entries.map(({ name, source }) => [name, source])).toEqual([
          ['b', { from: 'value', text: old }],
          ['a-1', { from: 'env', name: 'X' }],
          ['new', { from: 'template', text: added }],
        ]);
      }),
    );
  });

  test.each([
    ['the word generate', 'b: x\n', 'generate', 'b: {value: generate}\n'],
    ['a file that is empty', '', 'v', 'b: "v"\n'],
    ['a file of comments without a newline', '# c', 'v', '# c\nb: "v"\n'],
    ['a file that is indented', '  a: 1\n', 'v', '  a: 1\n  b: "v"\n'],
  ])('knows %s', (_, text, value, written) => {
    expect(setEntries(text, file, new Map([['b', { from: 'value', text: value }]]))).toBe(written);
  });

  test('refuses where it would change something else', () => {
    const put = (text: string) => () =>
      setEntries(text, file, new Map([['b', { from: 'value', text: 'v' }]]));
    expect(put('{a: 1}\n')).toThrow('nothing can be put into');
    expect(put('a: 1\n...\n')).toThrow('nothing can be put into');
  });

  test('adds and removes recipients with their comments, wherever the list stands', () => {
    const name = 'alice of ops';
    const one = addRecipient('a: 1\n', file, { recipient: alice.recipient, name });
    expect(parseSecretsDocument(one, file).recipients).toEqual([{ recipient: alice.recipient, name }]);
    const list = `recipients:\n# first\n- ${alice.recipient}   # ${name}\n# last\n\na: 1 # why\n`;
    const two = addRecipient(list, file, { recipient: bob.recipient, name: 'bob' });
    expect(two).toBe(list.replace('ops\n', `ops\n- ${bob.recipient} # bob\n`));
    expect(removeRecipient(two, file, bob.recipient)).toBe(list);
    expect(removeRecipient(two, file, alice.recipient)).toBe(
      `recipients:\n# first\n- ${bob.recipient} # bob\n# last\n\na: 1 # why\n`,
    );
  });

  test('leaves a secret that is called recipients what it is', () => {
    const { entries, recipients: list } = parseSecretsDocument('recipients: {env: X}\nb: 1\n', file);
    expect([entries.map(({ name }) => name), list]).toEqual([['recipients', 'b'], undefined]);
  });
});
