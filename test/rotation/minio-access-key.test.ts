import { describe, expect, test } from 'vitest';
import {
  createMinioAccessKeyStrategy,
  minioAccessKeySchema,
} from '../../src/rotation/strategies/minio-access-key.ts';
import { parseUserInfo } from '../../src/rotation/strategies/minio-client.ts';
import type { StrategyContext, TaskAnswer, TaskCommand } from '../../src/rotation/strategy.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';

const marker = 'mark3r';

interface StoreUser {
  secret: string;
  policies: string[];
}

/** What the script in the task says, on behalf of a store with these users. */
function createFakeStore(refuse?: { operation: string; code: string }) {
  const users = new Map<string, StoreUser>([
    ['root', { secret: `root-${marker}`, policies: [] }],
    ['OLDKEY', { secret: `old-${marker}`, policies: ['api-of-fins'] }],
  ]);
  const commands: TaskCommand[] = [];
  const fail = (exitCode: number, code: string): Omit<TaskAnswer, 'task'> => ({
    exitCode,
    stdout: `{"status":"error","error":{"message":"no","cause":{"error":{"Code":"${code}","Message":"${marker}"}}}}\n`,
    stderr: '',
  });
  const say = (stdin: string, operation: string, more: string[]): Omit<TaskAnswer, 'task'> => {
    const [root = '', rootSecret = '', key = '', secret = ''] = stdin.split('\n');
    const logIn = (name: string, given: string): string | undefined => {
      const user = users.get(name);
      return !user ? 'InvalidAccessKeyId' : user.secret === given ? undefined : 'SignatureDoesNotMatch';
    };
    const denied = operation === 'check' ? logIn(key, secret) : logIn(root, rootSecret);
    if (denied) return fail(operation === 'check' ? 94 : 93, denied);
    if (refuse?.operation === operation) return fail(95, refuse.code);
    const user = users.get(key);
    const done = (said: object = {}): Omit<TaskAnswer, 'task'> => ({
      exitCode: 0,
      stdout: `${JSON.stringify({ status: 'success', ...said })}\n`,
      stderr: '',
    });
    if (operation === 'add') users.set(key, { secret, policies: more });
    else if (operation === 'info' && user) return done({ policyName: user.policies.join(',') });
    else if (operation === 'remove' && user) users.delete(key);
    else if (operation !== 'check') return fail(95, 'XMinioAdminNoSuchUser');
    return done();
  };
  const runInTask = async (command: TaskCommand): Promise<TaskAnswer> => {
    commands.push(command);
    const [operation = '', ...more] = command.command.slice(6);
    return { ...say(String(command.stdin), operation, more), task: 'stk_minio1.1 on w' };
  };
  return { users, commands, runInTask };
}

const strategy = createMinioAccessKeyStrategy(
  'secret_key',
  minioAccessKeySchema.parse({
    strategy: 'minio-access-key',
    service: 'minio1',
    access_key: 'access_key',
    root_user: 'root_user',
    root_password: 'root_password',
    lifetime: '1h',
  }),
);

const values = (entries: Record<string, string>) =>
  new Map(Object.entries(entries).map(([name, text]) => [name, new SecretValue(text)]));

function makeContext(
  { runInTask }: ReturnType<typeof createFakeStore>,
  { oldKey = 'OLDKEY', rootPasswords = [`root-${marker}`] } = {},
): StrategyContext {
  return {
    old: values({ access_key: oldKey, secret_key: `old-${marker}` }),
    next: values({ access_key: 'NEWKEY', secret_key: `new-${marker}` }),
    present: new Map([
      ['root_user', [new SecretValue('root')]],
      ['root_password', rootPasswords.map((one) => new SecretValue(one))],
    ]),
    runInTask,
    report: () => {},
    signal: new AbortController().signal,
  };
}

describe('an access key', () => {
  test('is added with the policies of the old one, and the old one removed in the end, each step twice', async () => {
    const store = createFakeStore();
    const context = makeContext(store);
    for (const step of [strategy.prepare!, strategy.prepare!, strategy.verify!]) await step(context);
    expect([...store.users.keys()]).toEqual(['root', 'OLDKEY', 'NEWKEY']);
    expect(store.users.get('NEWKEY')?.policies).toEqual(['api-of-fins']);
    for (const step of [strategy.retire!, strategy.retire!]) await step(context);
    expect([...store.users.keys()]).toEqual(['root', 'NEWKEY']);
  });

  test('that was added is removed again by undo, also twice', async () => {
    const store = createFakeStore();
    const context = makeContext(store);
    for (const step of [strategy.prepare!, strategy.undo!, strategy.undo!]) await step(context);
    expect([...store.users.keys()]).toEqual(['root', 'OLDKEY']);
  });

  test("is changed with whichever of root's passwords is valid", async () => {
    const store = createFakeStore();
    await strategy.prepare!(makeContext(store, { rootPasswords: ['odd', `root-${marker}`] }));
    expect(store.users.has('NEWKEY')).toBe(true);
  });

  test('changes together with its secret key, and stays valid for as long as what it signed', () => {
    expect([strategy.secrets, strategy.reads, strategy.overlapSeconds]).toEqual([
      ['secret_key', 'access_key'],
      ['root_user', 'root_password'],
      3600,
    ]);
    expect([strategy.recipeOf!('access_key')?.length, strategy.recipeOf!('secret_key')?.length]).toEqual([
      20, 40,
    ]);
  });

  test('stands in no argument together with its secret key', async () => {
    const store = createFakeStore();
    const context = makeContext(store);
    for (const step of [strategy.prepare!, strategy.verify!, strategy.retire!]) await step(context);
    expect(JSON.stringify(store.commands.map(({ command }) => command))).not.toContain(marker);
  });
});

test.each([
  [
    'a store that refuses',
    createFakeStore({ operation: 'add', code: 'XMinioAdminInvalidSecretKey' }),
    {},
    'secret_key: the object store in stk_minio1.1 on w refused to add an access key',
  ],
  [
    'root who is not let in',
    createFakeStore(),
    { rootPasswords: ['odd'] },
    'secret_key: the object store denies root access, so nothing can be changed there',
  ],
  [
    "the root's own key",
    createFakeStore(),
    { oldKey: 'GONE' },
    'secret_key: the object store has no user with the present access key',
  ],
])(
  '%s is an error that repeats no value, and the old key is valid as before',
  async (_, store, given, message) => {
    const error = await strategy.prepare!(makeContext(store, given)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ message });
    expect(JSON.stringify([error, (error as Error).stack])).not.toContain(marker);
    expect(store.users.get('OLDKEY')?.secret).toBe(`old-${marker}`);
    expect(store.users.has('NEWKEY')).toBe(false);
  },
);

test('reads policies and groups of what mc prints', () => {
  const line =
    '{"status":"success","accessKey":"k","policyName":"a,b","userStatus":"enabled","memberOf":[{"name":"g"}]}';
  expect(parseUserInfo(`noise\n${line}\n`)).toEqual({ kind: 'found', policies: ['a', 'b'], groups: ['g'] });
  expect(parseUserInfo('{"status":"error"}')).toEqual({ kind: 'none' });
});
