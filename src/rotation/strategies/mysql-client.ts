/** Speaks to a database through the client program in a task of its service. */
import { UserError } from '../../errors.ts';
import type { StrategyContext } from '../strategy.ts';
import { renderOptionFile } from './mysql-statements.ts';

/** Who logs in. */
export interface MysqlLogin {
  user: string;
  password: string;
}

export type MysqlAnswer =
  | { kind: 'done'; rows: string[][] }
  | { kind: 'denied' }
  | { kind: 'refused'; code: number | undefined; task: string }
  | { kind: 'away'; task: string };

/**
 * The first line of standard input is an option file in base64, the rest are statements. The file reaches the client
 * through a pipe: the login stands in no argument, no environment and no file.
 */
const script = `IFS= read -r login || exit 90
client=$(command -v mysql || command -v mariadb) || exit 91
exec "$client" --defaults-extra-file=<(printf %s "$login" | base64 -d) --batch --skip-column-names --raw --default-character-set=utf8mb4 --connect-timeout=5`;

/**
 * Before the statements: quoting that doesn't depend on the server's settings, and the session kept out of the general
 * log, which MariaDB writes as it comes. An administrator may do that, an application's account need not.
 */
const asAdministrator = "SET SESSION sql_mode = '', SESSION sql_log_off = 1;\n";

const timeoutMs = 30_000;

/** Runs statements; `administers` says that the login may change settings of its session. */
export async function askMysql(
  context: Pick<StrategyContext, 'runInTask'>,
  service: string,
  login: MysqlLogin,
  statements: string,
  { administers = false }: { administers?: boolean } = {},
): Promise<MysqlAnswer> {
  const options = Buffer.from(renderOptionFile(login.user, login.password)).toString('base64');
  const { exitCode, stdout, stderr, task } = await context.runInTask({
    service,
    command: ['bash', '--norc', '-c', script],
    stdin: `${options}\n${administers ? asAdministrator : ''}${statements}\n`,
    timeoutMs,
  });
  if (exitCode === 0)
    return {
      kind: 'done',
      rows: stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split('\t')),
    };
  if (exitCode === 91)
    throw new UserError(`there is no MySQL client in ${task}`, {
      next: 'mysql-user runs mysql or mariadb in a task of the database; use the strategy exec where its image has neither',
    });
  // only the number: the text may quote the statement
  const number = /^ERROR (\d+)\b/m.exec(stderr)?.[1];
  const code = number === undefined ? undefined : Number(number);
  if (code === 1045 || code === 1698) return { kind: 'denied' };
  if (code !== undefined && code >= 2000 && code < 3000) return { kind: 'away', task };
  return { kind: 'refused', code, task };
}
