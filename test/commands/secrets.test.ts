import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pico from 'picocolors';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCli } from '../../src/cli.ts';
import { renderSecrets } from '../../src/commands/secrets/list.ts';
import { isMemoryBacked } from '../../src/secrets/memory-folder.ts';

// made for these tests alone
const alice = {
  identity: 'AGE-SECRET-KEY-169KHK6AM84ZFQDYKU8Q9SVMPT3FEJQQQT5T44AF0NK58SJT80E9QSVT75K',
  recipient: 'age1n90z4rl0t3p2rndf42vjr46sdrc6m7z20550rxv4389cprmajsxsdjhv6m',
};
const bob = {
  identity: 'AGE-SECRET-KEY-1P57P26WM26R3U7PTXNLL3J0QFLGRZA3VSE429DCPPJA60UQT92ZSZJPUNG',
  recipient: 'age16zgvjnlkj8zyprhtsgthumn3r9tjcypr24nxumsqyljkdv2e6chqmnhcy6',
};
const marker = 'mark3r-hunter2';

const cliPath = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

let folder: string;
let file: string;
let env: NodeJS.ProcessEnv;
/** Everything that any command of the test has printed. */
let printed: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kawanan-cli-secrets-'));
  file = join(folder, 'secrets.yml');
  env = { HOME: folder, PATH: process.env['PATH'], KAWANAN_IDENTITY: alice.identity };
  printed = '';
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Result {
  exitCode: number;
  out: string;
  err: string;
}

/** Runs `kawanan secrets …`; what is typed is answered to hidden questions, in order. */
async function secrets(
  words: string[],
  given: { input?: string | Buffer; typed?: string[] } = {},
): Promise<Result> {
  const said = { out: '', err: '' };
  const typed = [...(given.typed ?? [])];
  const say = (where: 'out' | 'err') => (text: string) => {
    said[where] += text.replaceAll(folder, 'DIR');
    printed += text;
  };
  const terminal = {
    out: say('out'),
    err: say('err'),
    interactive: given.typed !== undefined,
    colors: pico.createColors(false),
    ask: () => Promise.reject(new Error('asked')),
    askHidden: async (question: string) => {
      say('err')(`${question}\n`);
      return typed.shift()!;
    },
    ...(given.input !== undefined && { readInput: async () => Buffer.from(given.input!) }),
  };
  const context = { terminal, cwd: folder, env, signal: new AbortController().signal };
  return { exitCode: await runCli(['secrets', ...words], context), ...said };
}

const write = (text: string, mode = 0o600): void => {
  writeFileSync(file, text);
  chmodSync(file, mode);
};
const read = (): string => readFileSync(file, 'utf8');
/** The file with each ciphertext as `…`. */
const outline = (): string => read().replace(/age: [A-Za-z0-9+/=]{100,}/g, 'age: …');
const reveal = async (name: string): Promise<string> =>
  (await secrets(['show', name, '--reveal'])).out.slice(0, -1);
const mode = (): number => statSync(file).mode & 0o777;
const done = (out: string, err = ''): Result => ({ exitCode: 0, out, err });

const plainWarning =
  'warning secrets.yml holds its values in plain text; encrypt them: kawanan secrets encrypt\n';
const plain = `# mine\ndb: ${marker} # the database\nport: 3306\nurl: {template: "http://\${KAWANAN_VIP}/"}\ntoken: {env: TOKEN}\n`;
const recipientsText = `
# Who can decrypt the values: kawanan secrets recipients add|remove
recipients:
  - ${alice.recipient}
`;

describe('set', () => {
  test('takes a value from standard input, makes the file, and warns that it is in plain text', async () => {
    expect(await secrets(['set', 'db'], { input: `${marker}\n` })).toEqual(
      done('secrets.yml: added db, in plain text\n', plainWarning),
    );
    expect([read(), mode()]).toEqual([`db: "${marker}"\n`, 0o600]);
  });

  test('takes a value typed twice, unseen, and encrypts it where the file has recipients', async () => {
    write(`a: old # note\n${recipientsText}`);
    expect(await secrets(['set', 'a'], { typed: [marker, marker] })).toEqual(
      done('secrets.yml: changed a, encrypted to 1 recipient\n', 'value of a: \nthe same again: \n'),
    );
    expect(outline()).toBe(`a: {age: …} # note\n${recipientsText}`);
    expect(await reveal('a')).toBe(marker);
  });

  test('keeps any bytes in an encrypted file, and refuses them in plain text', async () => {
    const bytes = Buffer.from([0xff, 0, 0x0a, 0x0a]);
    write('a: x\n');
    expect(await secrets(['set', 'a'], { input: bytes })).toEqual({
      exitCode: 2,
      out: '',
      err: 'error a: the value is no text, and a file in plain text has no room for other bytes\n  next encrypt the file first: kawanan secrets encrypt\n',
    });
    write(`a: x\n${recipientsText}`);
    await secrets(['set', 'a'], { input: bytes });
    expect(await secrets(['show', 'a', '--reveal', '--base64'])).toEqual(done('/wAK\n'));
    expect(await secrets(['show', 'a', '--reveal'])).toEqual({
      exitCode: 1,
      out: '',
      err: 'error the value of a is no text\n  next add --base64\n',
    });
  });

  test.each([
    [
      'an empty value',
      ['set', 'a'],
      { input: '\n' },
      'error a: the value is empty, which swarm does not take\n  next give it a value\n',
      2,
    ],
    [
      'too large a value',
      ['set', 'a'],
      { input: 'x'.repeat(512_000) },
      'error a: the value has 512000 bytes; swarm takes less than 512000\n  next keep what is large in an object store or a volume, and only the key to it as a secret\n',
      2,
    ],
    [
      'two values that differ',
      ['set', 'a'],
      { typed: [marker, 'other'] },
      'value of a: \nthe same again: \nerror nothing was changed: the two were not the same\n',
      1,
    ],
    [
      'nobody to ask',
      ['set', 'a'],
      {},
      'error nothing was changed: nobody can be asked here\n  next give the value on standard input: kawanan secrets set a < file\n',
      1,
    ],
    [
      'what is no name',
      ['set', `!${marker}`],
      { input: 'x' },
      'error the name of a secret has letters, digits and - _ . between them\n  next kawanan secrets set NAME asks for the value\n',
      2,
    ],
    [
      'the name of the list',
      ['set', 'recipients'],
      { input: 'x' },
      'error a secret of this name would stand where the list of recipients stands\n  next kawanan secrets set NAME asks for the value\n',
      2,
    ],
  ])('refuses %s', async (_, words, given, err, exitCode) => {
    write('a: before\n');
    expect(await secrets(words, given)).toEqual({ exitCode, out: '', err });
    expect(read()).toBe('a: before\n');
    expect(printed).not.toContain(marker);
  });

  test('puts nothing in plain text beside encrypted values whose list of recipients got lost', async () => {
    write(plain);
    await secrets(['encrypt']);
    write(read().replace(/\n# Who can decrypt[\s\S]*/, ''));
    const before = read();
    const result = await secrets(['set', 'new'], { input: marker });
    expect([result.exitCode, result.err.split('\n')[0]]).toEqual([
      2,
      'error DIR/secrets.yml: it has encrypted values, but no list of recipients: nobody is there to encrypt to',
    ]);
    expect(read()).toBe(before);
    expect((await secrets(['encrypt'])).exitCode).toBe(0);
    expect(outline()).toMatch(/\nrecipients:\n {2}- age1/);
    expect(await reveal('db')).toBe(marker);
  });

  test('takes no value as an argument, and does not repeat one', async () => {
    expect(await secrets(['set', 'a', marker], { input: 'x' })).toEqual({
      exitCode: 2,
      out: '',
      err: 'error a value on the command line is seen by everybody on this computer, and was not taken\n  next kawanan secrets set NAME asks for it; use another value than this one\n',
    });
    expect(printed).not.toContain(marker);
  });
});

describe('encrypt', () => {
  test('encrypts to our identity when nobody else is named; comments, order and references stay', async () => {
    write(plain);
    const err = '';
    expect(await secrets(['encrypt'])).toEqual(
      done(
        `secrets.yml: 3 values encrypted to 1 recipient\n  ${alice.recipient}\nnext: delete other copies of the plain file; values that others may have seen are safe only once changed\n`,
        err,
      ),
    );
    expect(outline()).toBe(
      `# mine\ndb: {age: …} # the database\nport: {age: …}\nurl: {template: {age: …}}\ntoken: {env: TOKEN}\n${recipientsText}`,
    );
    expect(await reveal('db')).toBe(marker);
    expect(read()).not.toContain(marker);
    const before = read();
    expect(await secrets(['encrypt'])).toEqual(done('secrets.yml: nothing stands in plain text\n'));
    expect(read()).toBe(before);
  });

  test('refuses what we could not decrypt ourselves, unless told', async () => {
    write(plain);
    expect(await secrets(['encrypt', '--recipient', bob.recipient])).toEqual({
      exitCode: 1,
      out: '',
      err: 'error nothing was changed: you could not decrypt the values yourself any longer\n  next add yourself first (kawanan secrets keygen, recipients add), or say --force\n',
    });
    expect(read()).toBe(plain);
    expect((await secrets(['encrypt', '--recipient', bob.recipient, '--force'])).exitCode).toBe(0);
    expect(await secrets(['show', 'db', '--reveal'])).toEqual({
      exitCode: 2,
      out: '',
      err: `error DIR/secrets.yml: encrypted to others, and not to the identity of KAWANAN_IDENTITY: db\n  next somebody who can decrypt it adds you: kawanan secrets recipients add ${alice.recipient}\n`,
    });
  });

  test('says what to do where nobody is there to encrypt to', async () => {
    write(plain);
    delete env['KAWANAN_IDENTITY'];
    expect(await secrets(['encrypt'])).toEqual({
      exitCode: 2,
      out: '',
      err: 'error nobody is there to encrypt to: no recipients in the file, no identity of yours\n  next make an identity with kawanan secrets keygen, or name a recipient with --recipient\n',
    });
  });

  test.each([
    ['a private key', bob.identity, 'this is a private key: whoever saw it can decrypt what it opens'],
    ['an RSA key', 'ssh-rsa AAAAB3NzaC1yc2E', 'of SSH keys only those of type ssh-ed25519 can be used'],
    ['a typing error', `${bob.recipient}q`, 'this is no recipient, or it is damaged'],
  ])('refuses %s as recipient without repeating it', async (_, recipient, message) => {
    write(plain);
    const { exitCode, err } = await secrets(['encrypt', '--recipient', recipient]);
    expect([exitCode, err.split('\n')[0]]).toEqual([2, `error ${message}`]);
    expect(err).not.toContain(recipient);
  });
});

describe('recipients', () => {
  test('are added, listed and removed, and all values encrypted anew each time', async () => {
    write(plain);
    await secrets(['encrypt']);
    const first = read();
    expect(await secrets(['recipients', 'add', bob.recipient, '--name', 'bob'])).toEqual(
      done('secrets.yml: 3 values encrypted anew to 2 recipients\n'),
    );
    expect(outline().split('\n').slice(-4)).toEqual([
      'recipients:',
      `  - ${alice.recipient}`,
      `  - ${bob.recipient} # bob`,
      '',
    ]);
    expect(read()).not.toBe(first);
    expect(await secrets(['recipients', 'add', bob.recipient])).toEqual(
      done('secrets.yml: this recipient is on the list already\n'),
    );
    expect(await secrets(['recipients', 'ls'])).toEqual(
      done(`RECIPIENT${' '.repeat(55)}NAME\n${alice.recipient}        you\n${bob.recipient}  bob\n`),
    );
    expect(JSON.parse((await secrets(['recipients', 'ls', '--json'])).out)).toEqual([
      { recipient: alice.recipient, you: true },
      { recipient: bob.recipient, name: 'bob', you: false },
    ]);
    env['KAWANAN_IDENTITY'] = bob.identity;
    expect(await reveal('db')).toBe(marker);
    env['KAWANAN_IDENTITY'] = alice.identity;
    expect(await secrets(['recipients', 'remove', 'bob'])).toEqual(
      done(
        'secrets.yml: 3 values encrypted anew to 1 recipient\nnext: whoever was removed still knows these values from before; give those that matter new ones\n',
      ),
    );
    env['KAWANAN_IDENTITY'] = bob.identity;
    expect((await secrets(['show', 'db', '--reveal'])).exitCode).toBe(2);
  });

  test('in brackets are kept there', async () => {
    write(`a: ${marker}\nrecipients: [${alice.recipient}]\n`);
    await secrets(['recipients', 'add', bob.recipient]);
    expect(outline()).toBe(`a: {age: …}\nrecipients: [${alice.recipient}, ${bob.recipient}]\n`);
    await secrets(['recipients', 'remove', bob.recipient]);
    expect(outline()).toBe(`a: {age: …}\nrecipients: [${alice.recipient}]\n`);
  });

  test('may be SSH keys, whose comment is the name', async () => {
    const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINptOjm1n72bePpzChdCPUPeLj2yffup2Ckp8IFvZy44';
    write(`a: ${marker}\nrecipients: [${alice.recipient}]\n`);
    expect((await secrets(['recipients', 'add', ...key.split(' '), 'carol@host'])).exitCode).toBe(0);
    write(
      read()
        .replace('recipients: [', 'recipients:\n  - ')
        .replace(', ', '\n  - ')
        .replace(/\]\n$/, ' # carol\n'),
    );
    expect(JSON.parse((await secrets(['recipients', 'ls', '--json'])).out)[1]).toEqual({
      recipient: key,
      name: 'carol',
      you: false,
    });
  });

  test.each([
    [
      'the last one',
      alice.recipient,
      'this is the only recipient: nobody could decrypt the values any longer',
      'add another one first',
    ],
    [
      'one that is not there',
      'dave',
      'this recipient is not on the list',
      'kawanan secrets recipients ls shows the list',
    ],
  ])('keep %s', async (_, who, message, next) => {
    write(`a: x\n${recipientsText}`);
    expect(await secrets(['recipients', 'remove', who])).toEqual({
      exitCode: 2,
      out: '',
      err: `error secrets.yml: ${message}\n  next ${next}\n`,
    });
  });

  test('are not added where a secret has the name of the list', async () => {
    write('recipients: a secret\n');
    const { exitCode, err } = await secrets(['recipients', 'add', bob.recipient]);
    expect([exitCode, err.split('\n')[0]]).toEqual([
      2,
      'error secrets.yml: a secret is called recipients, where the list of recipients has to stand',
    ]);
    expect(await reveal('recipients')).toBe('a secret');
  });
});

describe('show', () => {
  test('prints a value only with --reveal', async () => {
    write(plain);
    expect(await secrets(['show', 'db'])).toEqual({
      exitCode: 2,
      out: '',
      err: 'error a value is shown only to who asks for it\n  next add --reveal, and mind who sees your screen\n',
    });
    expect(await secrets(['show', 'db', '--reveal'])).toEqual(done(`${marker}\n`));
    expect(await secrets(['show', 'bd', '--reveal'])).toMatchObject({ exitCode: 2, out: '' });
  });

  test('fills in a template that is encrypted', async () => {
    write('url: {template: "at ${NONE:-home}"}\n');
    await secrets(['encrypt']);
    expect(outline()).toContain('url: {template: {age: …}}');
    expect(await reveal('url')).toBe('at home');
  });
});

describe('ls', () => {
  test('shows names and sources, and nothing of the values', async () => {
    write(`${plain}key: generate\npass: {command: [pass, ${marker}]}\n`);
    expect(await secrets(['ls'])).toEqual(
      done(
        [
          'NAME   SOURCE',
          'db     plain text',
          'port   plain text',
          'url    template',
          'token  variable TOKEN',
          'key    generated at up',
          'pass   program pass',
          '',
        ].join('\n'),
        plainWarning,
      ),
    );
    await secrets(['encrypt']);
    const { out } = await secrets(['ls', '--json']);
    expect(JSON.parse(out)).toEqual({
      file: 'DIR/secrets.yml',
      secrets: [
        { name: 'db', source: 'encrypted' },
        { name: 'port', source: 'encrypted' },
        { name: 'url', source: 'encrypted template' },
        { name: 'token', source: 'variable TOKEN' },
        { name: 'key', source: 'generated at up' },
        { name: 'pass', source: 'program pass' },
      ],
    });
    expect(printed).not.toContain(marker);
  });

  test('shows versions, ages and users where a swarm answered', () => {
    const at = (ago: number) => new Date(Date.parse('2026-01-31T00:00:00Z') - ago * 1000).toISOString();
    const rows = [
      {
        name: 'db',
        source: 'encrypted',
        versions: [
          { object: 'db.v2', version: 2, createdAt: at(90), usedBy: ['shop_api', 'shop_db'] },
          { object: 'db', version: 1, createdAt: at(3 * 86_400), usedBy: [] },
        ],
      },
      { name: 'new', source: 'generated at up', versions: [] },
      {
        name: 'old',
        versions: [{ object: 'old', version: 1, createdAt: at(5 * 3600), usedBy: ['shop_web'] }],
      },
    ];
    expect(renderSecrets(rows, true, new Date('2026-01-31T00:00:00Z'))).toBe(
      [
        'NAME  SOURCE             VERSION  AGE    USED BY',
        'db    encrypted          2        1 min  shop_api, shop_db',
        '                         1        3 d    -',
        'new   generated at up    -        -      -',
        'old   only in the swarm  1        5 h    shop_web',
        '',
      ].join('\n'),
    );
  });
});

describe('init', () => {
  const example = '# example\na: generate # made\nb: 12\nc: {env: C}\n';

  test('makes the random values and encrypts them before anything is written', async () => {
    writeFileSync(join(folder, 'secrets.example'), example);
    expect(await secrets(['init', '--recipient', alice.recipient])).toEqual(
      done('wrote secrets.yml from secrets.example, encrypted to 1 recipient\n'),
    );
    expect(outline()).toBe(`# example\na: {age: …} # made\nb: {age: …}\nc: {env: C}\n${recipientsText}`);
    expect(await reveal('a')).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(mode()).toBe(0o600);
    const before = read();
    expect(await secrets(['init'])).toEqual({
      exitCode: 1,
      out: '',
      err: 'error secrets.yml is there already and was left alone\n  next its secrets would be lost: move it away first\n',
    });
    expect(read()).toBe(before);
  });

  test('without recipients leaves them in plain text, with a warning', async () => {
    writeFileSync(join(folder, 'other'), example);
    expect(await secrets(['init', '--example', 'other'])).toEqual(
      done('wrote secrets.yml from other\n', plainWarning),
    );
    expect(read()).toMatch(/^# example\na: "[A-Za-z0-9]{32}" # made\nb: 12\nc: \{env: C\}\n$/);
  });
});

describe('keygen', () => {
  test('writes an identity for its owner alone, where every command finds it', async () => {
    delete env['KAWANAN_IDENTITY'];
    const { exitCode, out, err } = await secrets(['keygen']);
    const path = join(folder, '.config/kawanan/identity.txt');
    const text = readFileSync(path, 'utf8');
    const recipient = /^# public key: (age1[0-9a-z]{58})\nAGE-SECRET-KEY-1[0-9A-Z]{58}\n$/.exec(text)![1]!;
    expect({ exitCode, out, err }).toEqual(
      done(
        `wrote DIR/.config/kawanan/identity.txt: keep a copy where a lost disk does not reach it\nrecipient ${recipient}\nnext: kawanan secrets encrypt; where others have done that: they add you with\n      kawanan secrets recipients add ${recipient}\n`,
      ),
    );
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await secrets(['keygen'])).exitCode).toBe(1);
    expect(readFileSync(path, 'utf8')).toBe(text);
    write(`a: ${marker}\n`);
    await secrets(['encrypt']);
    expect(await reveal('a')).toBe(marker);
    chmodSync(path, 0o640);
    expect(await secrets(['show', 'a', '--reveal'])).toEqual({
      exitCode: 2,
      out: '',
      err: 'error DIR/.config/kawanan/identity.txt: others may read this private key\n  next chmod 600 DIR/.config/kawanan/identity.txt\n',
    });
  });
});

describe.runIf(await isMemoryBacked('/dev/shm'))('edit', () => {
  /** An editor that notes what it is given, then runs a sed script over it. */
  const useEditor = (sed: string): void => {
    const editor = join(folder, 'editor');
    const seen = join(folder, 'seen');
    writeFileSync(
      editor,
      `#!/bin/sh\nenv > '${seen}.env'\necho "$1" > '${seen}.path'\nstat -c %a "$1" > '${seen}.mode'\ncp "$1" '${seen}'\nsed -i '${sed}' "$1"\ncp "$1" "$TMPDIR/copy"\n`,
    );
    chmodSync(editor, 0o700);
    env['EDITOR'] = editor;
  };
  const seen = (what = ''): string => readFileSync(join(folder, `seen${what}`), 'utf8');
  const leftovers = (): string[] =>
    readdirSync('/dev/shm').filter((name) => name.includes(`edit-${process.pid}-`));

  test('shows plain text in memory only, and encrypts anew just what was changed', async () => {
    write(plain);
    await secrets(['encrypt']);
    const before = read().split('\n');
    useEditor('s/^port: .*/port: 3307/; $ a new: fresh');
    expect(await secrets(['edit'])).toEqual(done('secrets.yml: saved\n'));
    expect(seen()).toContain(`db: "${marker}" # the database`);
    expect(seen('.path')).toMatch(/^\/dev\/shm\/kawanan-edit-/);
    expect(seen('.mode')).toBe('600\n');
    expect(seen('.env')).not.toContain('KAWANAN_IDENTITY');
    expect(leftovers()).toEqual([]);
    const after = read().split('\n');
    expect(after.filter((line, index) => line !== before[index]).map((line) => line.split(':')[0])).toEqual([
      'port',
      'new',
      '',
    ]);
    expect([await reveal('port'), await reveal('new'), await reveal('db')]).toEqual([
      '3307',
      'fresh',
      marker,
    ]);
    expect(outline()).toContain('\nnew: {age: …}\n');
    expect(printed.replaceAll(`${marker}\n`, '')).not.toContain(marker);
  });

  test('changes nothing when nothing was changed', async () => {
    write(plain);
    await secrets(['encrypt']);
    const before = read();
    useEditor('');
    expect(await secrets(['edit'])).toEqual(done('secrets.yml: nothing was changed\n'));
    expect(read()).toBe(before);
  });

  test.each([
    [
      'what can no longer be read',
      's/^db: .*/db: {valeu: '.concat(marker, '}/'),
      2,
      /^error DIR\/secrets\.yml:2:6 db\.valeu: /,
    ],
    ['a list of recipients that is gone', '/^recipients:/,$ d', 2, /the list of recipients is gone/],
  ])('refuses %s and leaves nothing behind', async (_, sed, exitCode, err) => {
    write(plain);
    await secrets(['encrypt']);
    const before = read();
    useEditor(sed);
    const result = await secrets(['edit']);
    expect(result).toMatchObject({ exitCode, out: '', err: expect.stringMatching(err) });
    expect(result.err).not.toContain(marker);
    expect(read()).toBe(before);
    expect(leftovers()).toEqual([]);
  });

  test('says when the editor fails, and wipes what a killed run left', async () => {
    write(plain);
    const old = `/dev/shm/kawanan-edit-${spawnSync('true').pid}-test`;
    mkdirSync(old, { recursive: true });
    writeFileSync(join(old, 'secrets.yml'), marker);
    env['EDITOR'] = 'false';
    expect(await secrets(['edit'])).toEqual({
      exitCode: 1,
      out: '',
      err: 'error nothing was changed: the editor false ended with code 1\n  next open it again\n',
    });
    expect(existsSync(old)).toBe(false);
    expect(leftovers()).toEqual([]);
  });
});

describe.runIf(await isMemoryBacked('/dev/shm'))('edit, when its terminal is closed', () => {
  test.each(['TERM', 'HUP'])('ends the editor and wipes the plain text (SIG%s)', (signal) => {
    write(plain);
    const editor = join(folder, 'editor');
    writeFileSync(editor, `#!/bin/sh\necho "$1" > '${folder}/path'\nkill -${signal} $PPID\nexec sleep 20\n`);
    chmodSync(editor, 0o700);
    const { status, stderr } = spawnSync(process.execPath, [cliPath, 'secrets', 'edit'], {
      cwd: folder,
      env: { ...env, EDITOR: editor },
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([
      1,
      `error nothing was changed: the editor ${editor} was ended by SIG${signal}\n  next open it again\n`,
    ]);
    expect(existsSync(readFileSync(join(folder, 'path'), 'utf8').trim())).toBe(false);
    expect(read()).toBe(plain);
  });
});

describe('the secrets file', () => {
  test('is the one that the cluster file names', async () => {
    writeFileSync(
      join(folder, 'cluster.yml'),
      'name: c\nnodes:\n  m: {address: 10.0.0.1, role: manager}\nsecrets: in/s.yml\n',
    );
    expect(await secrets(['set', 'a'], { input: 'x' })).toMatchObject({
      exitCode: 0,
      out: 'in/s.yml: added a, in plain text\n',
    });
    expect(await secrets(['ls', '--offline', '--secrets', 'in/s.yml'])).toMatchObject({
      out: 'NAME  SOURCE\na     plain text\n',
    });
  });

  test('in another encoding is refused, before a value is mangled', async () => {
    writeFileSync(file, Buffer.from('a: x\ndb: pässwort\n', 'latin1'), { mode: 0o600 });
    const refused = {
      exitCode: 2,
      out: '',
      err: 'error DIR/secrets.yml:2: this is not UTF-8 text\n  next save the file as UTF-8\n',
    };
    expect(await secrets(['ls', '--offline'])).toEqual(refused);
    expect(await secrets(['set', 'b'], { input: 'y' })).toEqual(refused);
  });

  test('of encrypted values may be read by all and stays so; one in plain text may not', async () => {
    write(plain, 0o644);
    expect(await secrets(['ls'])).toEqual({
      exitCode: 2,
      out: '',
      err: 'error DIR/secrets.yml: others may read this file (mode 0644)\n  next chmod 600 DIR/secrets.yml\n',
    });
    chmodSync(file, 0o600);
    await secrets(['encrypt']);
    chmodSync(file, 0o644);
    await secrets(['set', 'db'], { input: 'x' });
    expect([mode(), await reveal('db')]).toEqual([0o644, 'x']);
    chmodSync(file, 0o664);
    expect((await secrets(['ls'])).err).toContain('others may write this file (mode 0664)');
  });
});
