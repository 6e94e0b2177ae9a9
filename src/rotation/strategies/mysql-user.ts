/**
 * `mysql-user`: the password of an account of MySQL or MariaDB. The server accepts old and new until all services have
 * moved: MySQL by RETAIN CURRENT PASSWORD, MariaDB by a second way to log in.
 */
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import { commonKeys, generateKeys } from '../common-schema.ts';
import { makeRecipe } from '../make-recipe.ts';
import type { Strategy, StrategyContext } from '../strategy.ts';
import { askMysql, type MysqlAnswer, type MysqlLogin } from './mysql-client.ts';
import {
  chooseLoginMethods,
  classifyServer,
  type MysqlAccount,
  parseLoginMethods,
  quoteText,
  renderAccount,
  renderDiscard,
  renderLoginMethods,
  renderOnly,
  renderRetain,
} from './mysql-statements.ts';

export const mysqlUserSchema = z
  .strictObject({
    strategy: z.literal('mysql-user'),
    service: z.string().describe('the service of the database; statements run in a task of it'),
    user: z.string().optional().describe("the secret that holds the account's name"),
    name: z.string().min(1).optional().describe("the account's name itself, such as root"),
    admin: z
      .string()
      .optional()
      .describe('the secret with the password of the account that changes it; the one rotated unless told'),
    admin_name: z.string().min(1).optional().describe('the name of that account; root unless told'),
    ...commonKeys,
    ...generateKeys,
  })
  .refine(({ user, name }) => (user === undefined) !== (name === undefined), {
    message: 'either user (a secret with the name of the account) or name (the name itself) is wanted',
  });

type MysqlInput = z.output<typeof mysqlUserSchema>;

export function createMysqlUserStrategy(secret: string, input: MysqlInput): Strategy {
  const isOwnAdmin = input.admin === undefined || input.admin === secret;
  const reads = [input.user, isOwnAdmin ? undefined : input.admin].filter((one) => one !== undefined);
  const where = `in a task of ${input.service}`;
  const open = (context: StrategyContext): Promise<Session> => openSession(secret, input, context);
  return {
    name: 'mysql-user',
    secrets: [secret],
    reads,
    leaves: input.leave ?? [],
    needsOld: true,
    words: {
      prepare: `the database accepts the new password beside the old one: ALTER USER ${where}`,
      verify: `logs in with the new password ${where}`,
      retire: `the database refuses the old password: ALTER USER ${where}`,
    },
    recipeOf: () => makeRecipe(input.generate),
    prepare: async (context) => {
      const session = await open(context);
      if (await session.accepts(session.next)) return;
      await session.add(session.next);
      if (await session.accepts(session.next)) return;
      throw new UserError(`${secret}: the database took the new password, but doesn't accept it`, {
        next: `look whether ${session.user} has several accounts: SELECT user, host FROM mysql.user`,
      });
    },
    verify: async (context) => {
      const session = await open(context);
      if (await session.accepts(session.next)) return;
      throw new UserError(`${secret}: the database doesn't accept the new password of ${session.user}`, {
        next: 'nothing was taken away: run the same command again',
      });
    },
    retire: async (context) => {
      const session = await open(context);
      if (session.old === undefined) return session.keepOnly(session.next);
      if (!(await session.accepts(session.old))) return;
      await session.keepOnly(session.next);
      if (!(await session.accepts(session.old))) return;
      throw new UserError(`${secret}: the database still accepts the old password of ${session.user}`, {
        next: `look at its accounts: SELECT user, host, plugin FROM mysql.user`,
      });
    },
    undo: async (context) => {
      const session = await open(context);
      if (session.old === undefined || !(await session.accepts(session.next))) return;
      await session.keepOnly(session.old);
    },
  };
}

/** What the steps need of the database, whichever it is. */
interface Session {
  user: string;
  old: string | undefined;
  next: string;
  accepts(password: string): Promise<boolean>;
  /** This password, too. */
  add(password: string): Promise<void>;
  /** This password and no other. */
  keepOnly(password: string): Promise<void>;
}

async function openSession(secret: string, input: MysqlInput, context: StrategyContext): Promise<Session> {
  const text = (value: SecretValue | undefined): string | undefined => value?.reveal().toString('utf8');
  const user = input.name ?? text(context.present.get(input.user!)?.[0]);
  if (user === undefined)
    throw new UserError(`${secret}: the name of its account isn't known: ${input.user} has no value here`, {
      next: `give ${input.user} a value in the secrets file`,
    });
  const old = text(context.old.get(secret));
  const next = text(context.next.get(secret))!;
  const ask = (login: MysqlLogin, statements: string, administers = false): Promise<MysqlAnswer> =>
    askMysql(context, input.service, login, statements, { administers });
  const accepts = async (password: string): Promise<boolean> => {
    const answer = await ask({ user, password }, 'SELECT 1;');
    if (answer.kind === 'away') throw explainAway(secret, answer.task);
    // 1040, 1203: too many connections; 1862: expired. The password was right or never looked at
    if (answer.kind === 'refused') throw explainRefusal(secret, answer);
    return answer.kind === 'done';
  };
  const administer = await findAdministrator(secret, input, context, ask, [next, old]);
  const list = async (): Promise<MysqlAccount[]> => {
    const rows = await administer(`SELECT host FROM mysql.user WHERE user = ${quoteText(user)};`);
    if (rows.length > 0) return rows.map(([host = '']) => ({ user, host }));
    throw new UserError(`${secret}: the database has no account ${user}`, {
      next: `is that the name? It comes from ${input.name === undefined ? `the secret ${input.user}` : 'name in x-secrets'}`,
    });
  };
  const kind = await readServerKind(secret, administer);
  const forEachAccount = async (work: (account: MysqlAccount) => Promise<unknown>): Promise<void> => {
    for (const account of await list()) await work(account);
  };
  const add = (password: string): Promise<void> =>
    forEachAccount((account) =>
      kind === 'mariadb'
        ? setOnMariadb(secret, account, password, false, administer)
        : administer(renderRetain(account, password)),
    );
  const keepOnly = (password: string): Promise<void> =>
    forEachAccount((account) =>
      kind === 'mariadb'
        ? setOnMariadb(secret, account, password, true, administer)
        : administer(password === next ? renderDiscard(account) : renderOnly(account, password)),
    );
  return { user, old, next, accepts, add, keepOnly };
}

type Ask = (login: MysqlLogin, statements: string, administers: boolean) => Promise<MysqlAnswer>;
type Administer = (statements: string) => Promise<string[][]>;

/** The administrator's password may itself have been changed a moment ago: the first that is accepted is taken. */
async function findAdministrator(
  secret: string,
  input: MysqlInput,
  context: StrategyContext,
  ask: Ask,
  own: (string | undefined)[],
): Promise<Administer> {
  const user = input.admin_name ?? 'root';
  const isOwn = input.admin === undefined || input.admin === secret;
  const known = isOwn
    ? own.filter((one) => one !== undefined)
    : (context.present.get(input.admin!) ?? []).map((value) => value.reveal().toString('utf8'));
  for (const password of new Set(known)) {
    const answer = await ask({ user, password }, 'SELECT 1;', true);
    if (answer.kind === 'denied') continue;
    if (answer.kind === 'away') throw explainAway(secret, answer.task);
    return async (statements) => {
      const told = await ask({ user, password }, statements, true);
      if (told.kind === 'done') return told.rows;
      if (told.kind === 'away') throw explainAway(secret, told.task);
      if (told.kind === 'refused') throw explainRefusal(secret, told);
      throw new UserError(`${secret}: the database suddenly denies ${user} access`, {
        next: 'run the same command again',
      });
    };
  }
  throw new UserError(`${secret}: the database denies ${user} access, so nothing can be changed there`, {
    next: `the password of ${user} comes from the secret ${isOwn ? secret : input.admin}: is it the one that the database knows?`,
  });
}

async function readServerKind(secret: string, administer: Administer): Promise<'mysql' | 'mariadb'> {
  const [[version = ''] = []] = await administer('SELECT VERSION();');
  const server = classifyServer(version);
  if (server.kind !== 'too old') return server.kind;
  throw new UserError(`${secret}: this database (${server.version}) has no second password for an account`, {
    next: 'MySQL has it since 8.0.14, MariaDB since 10.4; with older ones use the strategy exec',
  });
}

async function setOnMariadb(
  secret: string,
  account: MysqlAccount,
  password: string,
  only: boolean,
  administer: Administer,
): Promise<void> {
  const rows = await administer(`SHOW CREATE USER ${renderAccount(account)};`);
  const present = parseLoginMethods(rows[0]?.join('\t') ?? '') ?? [];
  const methods = chooseLoginMethods(present, password, { only });
  if (!methods)
    throw new UserError(
      `${secret}: ${account.user}@${account.host} logs in by ${present.map(({ plugin }) => plugin).join(', ')}, which has no second password`,
      { next: 'give the account a password of mysql_native_password, or use the strategy exec' },
    );
  await administer(renderLoginMethods(account, methods));
}

function explainAway(secret: string, task: string): UserError {
  return new UserError(`${secret}: the database in ${task} doesn't answer`, {
    next: 'kawanan status shows it; run the same command again when it is up',
  });
}

/** Why a database may refuse what an administrator says. */
const reasons: Record<number, string> = {
  1064: 'it does not know this statement',
  1227: 'the account that changes it lacks a privilege (CREATE USER, and on MySQL APPLICATION_PASSWORD_ADMIN)',
  1290: 'it runs with --read-only or without its tables of accounts',
  1396: 'the account can not be changed',
  1819: 'the password does not satisfy its policy',
  3878: 'the account has no password to keep',
};

function explainRefusal(
  secret: string,
  { code, task }: Extract<MysqlAnswer, { kind: 'refused' }>,
): UserError {
  const reason = code === undefined ? undefined : reasons[code];
  return new UserError(`${secret}: the database in ${task} refused the statement`, {
    details: [
      `error ${code ?? 'unknown'}${reason === undefined ? '' : `: ${reason}`} (its text is not shown, for it may repeat the statement)`,
    ],
    next: 'the old password is valid as before; put right what the database wants and run the same command again',
  });
}
