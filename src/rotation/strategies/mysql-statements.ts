/** What is said to MySQL and MariaDB when an account gets a second password, and loses one again. Pure. */
import { createHash } from 'node:crypto';

/** One account: the same user name may stand in several, one for each host it logs in from. */
export interface MysqlAccount {
  user: string;
  host: string;
}

/** Which kind of second password a server has. */
export type ServerKind = { kind: 'mysql' } | { kind: 'mariadb' } | { kind: 'too old'; version: string };

/** From `SELECT VERSION()`: MySQL ≥ 8.0.14 keeps an old password beside a new one, MariaDB ≥ 10.4 takes several ways to log in. */
export function classifyServer(version: string): ServerKind {
  const [major = 0, minor = 0, patch = 0] = (/(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []).slice(1).map(Number);
  const isAtLeast = (a: number, b: number, c: number): boolean =>
    major !== a ? major > a : minor !== b ? minor > b : patch >= c;
  const isMariadb = /mariadb/i.test(version);
  if (isMariadb ? isAtLeast(10, 4, 0) : isAtLeast(8, 0, 14)) return { kind: isMariadb ? 'mariadb' : 'mysql' };
  return { kind: 'too old', version };
}

/** A text between single quotes, for a session whose sql_mode is empty. */
export function quoteText(text: string): string {
  const escapes: Record<string, string> = { '\0': '\\0', '\n': '\\n', '\r': '\\r', '\x1a': '\\Z' };
  return `'${text.replace(/[\0\n\r\x1a'\\]/g, (char) => escapes[char] ?? `\\${char}`)}'`;
}

/** An option file that logs in; the way that no password shows in a list of processes. */
export function renderOptionFile(user: string, password: string): string {
  const quote = (text: string): string => {
    const escapes: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };
    return `"${text.replace(/[\n\r\t\\]/g, (char) => escapes[char]!)}"`;
  };
  return `[client]\nuser=${quote(user)}\npassword=${quote(password)}\n`;
}

/** What MariaDB stores of a password: with it, the password itself is in no statement, so in no log of the server's. */
export function hashNatively(password: string): string {
  const sha1 = (bytes: string | Buffer): Buffer => createHash('sha1').update(bytes).digest();
  return `*${sha1(sha1(password)).toString('hex').toUpperCase()}`;
}

/** One way in which a MariaDB account logs in: a plugin and what it holds against. */
export interface LoginMethod {
  plugin: string;
  using?: string;
}

const nativePlugin = 'mysql_native_password';

/**
 * The ways to log in of an answer to `SHOW CREATE USER`.
 *
 * @returns `undefined` when it says something unknown.
 */
export function parseLoginMethods(statement: string): LoginMethod[] | undefined {
  const short = /\bIDENTIFIED BY PASSWORD '(\*[0-9A-F]{40})'/i.exec(statement);
  if (short) return [{ plugin: nativePlugin, using: short[1]! }];
  const method = /^ *([a-z0-9_]+)(?: USING '((?:[^'\\]|''|\\.)*)')?/i;
  const methods: LoginMethod[] = [];
  let [, rest] = /\bIDENTIFIED VIA(.*)$/is.exec(statement) ?? [];
  while (rest !== undefined) {
    const [whole, plugin, using] = method.exec(rest) ?? [];
    if (whole === undefined || plugin === undefined) return undefined;
    methods.push({ plugin, ...(using !== undefined && { using }) });
    const after = rest.slice(whole.length);
    rest = /^ OR /i.test(after) ? after.slice(4) : undefined;
  }
  return methods.length > 0 ? methods : undefined;
}

/** Plugins that look at no password: who logs in by them still does. */
const withoutPassword = ['unix_socket', 'gssapi', 'named_pipe'];

/**
 * The ways to log in once this password is valid, first of all, so that who uses it logs in at the first attempt:
 * beside the present ones, or with `only` instead of every other password. `undefined` when the account has a password
 * of a kind that can't be kept beside another one.
 */
export function chooseLoginMethods(
  present: readonly LoginMethod[],
  password: string,
  { only }: { only: boolean },
): LoginMethod[] | undefined {
  const known = [nativePlugin, ...withoutPassword];
  if (present.some(({ plugin }) => !known.includes(plugin))) return undefined;
  const added = { plugin: nativePlugin, using: hashNatively(password) };
  const kept = present.filter(
    ({ plugin, using }) => withoutPassword.includes(plugin) || (!only && using !== added.using),
  );
  return [added, ...kept];
}

/** MariaDB: exactly these ways to log in. */
export function renderLoginMethods(account: MysqlAccount, methods: readonly LoginMethod[]): string {
  const ways = methods.map(({ plugin, using }) =>
    using === undefined ? plugin : `${plugin} USING ${quoteText(using)}`,
  );
  return `ALTER USER ${renderAccount(account)} IDENTIFIED VIA ${ways.join(' OR ')};`;
}

/** MySQL: the new password, the one until now beside it. The server writes neither to its logs. */
export function renderRetain(account: MysqlAccount, password: string): string {
  return `ALTER USER ${renderAccount(account)} IDENTIFIED BY ${quoteText(password)} RETAIN CURRENT PASSWORD;`;
}

/** MySQL: the one before is no longer accepted. */
export function renderDiscard(account: MysqlAccount): string {
  return `ALTER USER ${renderAccount(account)} DISCARD OLD PASSWORD;`;
}

/** MySQL: this password and no other. */
export function renderOnly(account: MysqlAccount, password: string): string {
  return `ALTER USER ${renderAccount(account)} IDENTIFIED BY ${quoteText(password)};\n${renderDiscard(account)}`;
}

/** `'user'@'host'`. */
export function renderAccount({ user, host }: MysqlAccount): string {
  return `${quoteText(user)}@${quoteText(host)}`;
}
