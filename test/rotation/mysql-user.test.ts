import { describe, expect, test } from 'vitest';
import { hashNatively } from '../../src/rotation/strategies/mysql-statements.ts';
import { createMysqlUserStrategy, mysqlUserSchema } from '../../src/rotation/strategies/mysql-user.ts';
import type { StrategyContext, TaskAnswer, TaskCommand } from '../../src/rotation/strategy.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';

const marker = 'mark3r';
const [oldPassword, newPassword, rootPassword] = [`old-${marker}`, `new-${marker}`, `root-${marker}`];

/** Accounts and what they accept, behind the client program; speaks the few statements that the strategy says. */
function createFakeDatabase(version: string, refuse?: { statement: RegExp; code: number }) {
  const isMariadb = version.includes('MariaDB');
  const passwords = new Map([
    ['root', [rootPassword]],
    ['app', [oldPassword]],
  ]);
  const statements: string[] = [];
  const commands: TaskCommand[] = [];
  const hashes = new Map(
    [oldPassword, newPassword, rootPassword, 'odd'].map((one) => [hashNatively(one), one]),
  );
  const say = (statement: string): string | number => {
    if (refuse?.statement.test(statement)) return refuse.code;
    if (/^SET SESSION|^SELECT 1/.test(statement)) return '';
    if (statement === 'SELECT VERSION();') return version;
    const [, user = ''] = /'(\w+)'/.exec(statement) ?? [];
    const accepted = passwords.get(user) ?? [];
    if (statement.startsWith('SELECT host')) return passwords.has(user) ? '%' : '';
    if (statement.startsWith('SHOW CREATE USER'))
      return `CREATE USER \`${user}\`@\`%\` IDENTIFIED VIA ${accepted.map((one) => `mysql_native_password USING '${hashNatively(one)}'`).join(' OR ')}`;
    const text = /IDENTIFIED BY '([^']*)'/.exec(statement)?.[1];
    if (isMariadb) {
      if (text !== undefined || / (RETAIN|DISCARD) /.test(statement)) return 1064;
      const found = [...statement.matchAll(/USING '(\*[0-9A-F]{40})'/g)];
      passwords.set(
        user,
        found.map(([, hash]) => hashes.get(hash!)!),
      );
    } else if (statement.endsWith('RETAIN CURRENT PASSWORD;')) passwords.set(user, [text!, accepted[0]!]);
    else if (statement.endsWith('DISCARD OLD PASSWORD;')) passwords.set(user, accepted.slice(0, 1));
    else passwords.set(user, [text!, ...accepted.slice(1)]);
    return '';
  };
  const runInTask = async (command: TaskCommand): Promise<TaskAnswer> => {
    commands.push(command);
    const [login = '', ...lines] = String(command.stdin).split('\n');
    const [, user = '', password = ''] =
      /user="(.*)"\npassword="(.*)"/.exec(Buffer.from(login, 'base64').toString()) ?? [];
    const answer = { exitCode: 1, stdout: '', stderr: '', task: 'stk_db.1 on m' };
    if (!passwords.get(user)?.includes(password))
      return { ...answer, stderr: `ERROR 1045 (28000): Access denied for user '${user}'` };
    for (const line of lines.filter(Boolean)) {
      const told = say(line);
      statements.push(line);
      if (typeof told === 'number')
        return { ...answer, stderr: `ERROR ${told} (HY000) at line 2: near '${line}'` };
      answer.stdout += told === '' ? '' : `${told}\n`;
    }
    return { ...answer, exitCode: 0 };
  };
  return { passwords, statements, commands, runInTask };
}

type FakeDatabase = ReturnType<typeof createFakeDatabase>;

const read = (entry: object) => mysqlUserSchema.parse({ strategy: 'mysql-user', service: 'db', ...entry });
const ofApp = createMysqlUserStrategy('db_password', read({ user: 'db_user', admin: 'db_root_password' }));
const ofRoot = createMysqlUserStrategy('db_root_password', read({ name: 'root' }));

function makeContext(
  { runInTask }: FakeDatabase,
  given: { old?: string; root?: string[]; secret?: string; next?: string } = {},
): StrategyContext {
  const { old = oldPassword, root = [rootPassword], secret = 'db_password', next = newPassword } = given;
  return {
    old: new Map([[secret, new SecretValue(old)]]),
    next: new Map([[secret, new SecretValue(next)]]),
    present: new Map([
      ['db_user', [new SecretValue('app')]],
      ['db_root_password', root.map((one) => new SecretValue(one))],
    ]),
    runInTask,
    report: () => {},
    signal: new AbortController().signal,
  };
}

const versions = ['8.4.3', '11.8.3-MariaDB-0+deb13u1'];

describe.each(versions)('an account of %s', (version) => {
  test('accepts both passwords between prepare and retire, then the new one alone', async () => {
    const database = createFakeDatabase(version);
    const context = makeContext(database);
    await ofApp.prepare!(context);
    expect(database.passwords.get('app')).toEqual([newPassword, oldPassword]);
    await ofApp.verify!(context);
    await ofApp.retire!(context);
    expect(database.passwords.get('app')).toEqual([newPassword]);
  });

  test('is as it was after undo', async () => {
    const database = createFakeDatabase(version);
    const context = makeContext(database);
    await ofApp.prepare!(context);
    await ofApp.undo!(context);
    expect(database.passwords.get('app')).toEqual([oldPassword]);
  });

  test('is the same when each step is done twice, as after a run that was killed', async () => {
    const database = createFakeDatabase(version);
    const context = makeContext(database);
    for (const step of [ofApp.prepare!, ofApp.verify!, ofApp.retire!]) {
      await step(context);
      await step(context);
    }
    expect(database.passwords.get('app')).toEqual([newPassword]);
    await ofApp.undo!(makeContext(database, { old: newPassword, next: oldPassword }));
    expect(database.passwords.get('app')).toEqual([newPassword]);
  });

  test('keeps what consumers log in with when the old value that we know is a wrong one', async () => {
    const database = createFakeDatabase(version);
    await ofApp.prepare!(makeContext(database, { old: 'odd' }));
    expect(database.passwords.get('app')).toEqual([newPassword, oldPassword]);
  });

  test('is changed with whichever password of the administrator is valid now', async () => {
    const database = createFakeDatabase(version);
    await ofApp.prepare!(makeContext(database, { root: ['odd', rootPassword] }));
    expect(database.passwords.get('app')).toEqual([newPassword, oldPassword]);
  });

  test('of the administrator changes itself', async () => {
    const database = createFakeDatabase(version);
    const context = makeContext(database, { secret: 'db_root_password', old: rootPassword });
    for (const step of [ofRoot.prepare!, ofRoot.verify!, ofRoot.retire!]) await step(context);
    expect(database.passwords.get('root')).toEqual([newPassword]);
  });

  test('that refuses the statement keeps its password, and the error repeats nothing', async () => {
    const database = createFakeDatabase(version, { statement: /^ALTER/, code: 1819 });
    const error = await ofApp.prepare!(makeContext(database)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      message: 'db_password: the database in stk_db.1 on m refused the statement',
      details: [
        'error 1819: the password does not satisfy its policy (its text is not shown, for it may repeat the statement)',
      ],
    });
    expect(JSON.stringify([error, String(error), (error as Error).stack])).not.toContain(marker);
    expect(database.passwords.get('app')).toEqual([oldPassword]);
  });

  test('that does not accept the new password fails verify', async () => {
    await expect(ofApp.verify!(makeContext(createFakeDatabase(version)))).rejects.toThrow(
      "db_password: the database doesn't accept the new password of app",
    );
  });

  test('is changed with no password on a command line', async () => {
    const database = createFakeDatabase(version);
    const context = makeContext(database);
    for (const step of [ofApp.prepare!, ofApp.verify!, ofApp.retire!]) await step(context);
    expect(database.commands.length).toBeGreaterThan(5);
    expect(JSON.stringify(database.commands.map(({ command }) => command))).not.toContain(marker);
  });
});

test('MariaDB, which writes statements to its logs, is told no password', async () => {
  const database = createFakeDatabase(versions[1]!);
  const context = makeContext(database);
  for (const step of [ofApp.prepare!, ofApp.retire!]) await step(context);
  expect(database.statements.join('\n')).not.toContain(marker);
});

test.each([
  [
    'a server without second passwords',
    createFakeDatabase('5.7.44'),
    {},
    /this database \(5\.7\.44\) has no second password/,
  ],
  [
    'an administrator who is not let in',
    createFakeDatabase('8.4.3'),
    { root: ['odd'] },
    'db_password: the database denies root access, so nothing can be changed there',
  ],
])('%s is an error', async (_, database, given, message) => {
  await expect(ofApp.prepare!(makeContext(database, given))).rejects.toThrow(message);
  expect(database.passwords.get('app')).toEqual([oldPassword]);
});

test('an account that is not there is an error', async () => {
  const strategy = createMysqlUserStrategy(
    'db_password',
    read({ name: 'nobody', admin: 'db_root_password' }),
  );
  await expect(strategy.prepare!(makeContext(createFakeDatabase('8.4.3')))).rejects.toThrow(
    'db_password: the database has no account nobody',
  );
});

test.each([{}, { user: 'u', name: 'root' }])('wants either user or name: %o', (entry) => {
  expect(mysqlUserSchema.safeParse({ strategy: 'mysql-user', service: 'db', ...entry }).success).toBe(false);
});
