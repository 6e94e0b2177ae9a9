import type { ClientChannel } from 'ssh2';
import { type Command, type CommandResult, renderCommandLine } from './command.ts';
import { openExecChannel } from './exec-channel.ts';
import type { SshConnection } from './open-ssh.ts';
import { CommandError, SudoError } from './remote-errors.ts';

/** Who runs a command where; for messages and for `sudo`. */
export interface CommandPlace {
  host: string;
  user: string;
}

const defaultTimeoutMs = 60_000;
/** `timeout` of coreutils ends with this when it had to end the command. */
const timedOutExitCode = 124;
const killedExitCode = 137;
const shownLines = 10;

/**
 * Runs a command over an open connection.
 * The far side ends it when its time is up, so that nothing runs on when the connection is gone.
 *
 * @throws CommandError for an exit code that isn't accepted, ConnectionError when the connection is lost meanwhile.
 */
export async function runCommand(
  connection: SshConnection,
  command: Command,
  place: CommandPlace,
): Promise<CommandResult> {
  const timeoutMs = command.timeoutMs ?? defaultTimeoutMs;
  const limited: Command = {
    ...command,
    program: 'timeout',
    args: ['--kill-after=5', String(timeoutMs / 1000), command.program, ...(command.args ?? [])],
  };
  const startedAt = performance.now();
  const end = await execute(connection, renderCommandLine(limited, place.user), command.stdin, timeoutMs);
  return judgeEnd(command, end, place, performance.now() - startedAt);
}

/** The result of a command that ended as it should; throws the error of one that didn't. Pure. */
export function judgeEnd(
  command: Command,
  end: CommandEnd,
  place: CommandPlace,
  elapsedMs: number,
): CommandResult {
  const timeoutMs = command.timeoutMs ?? defaultTimeoutMs;
  const late = elapsedMs >= timeoutMs;
  const shown = command.title ?? renderCommandLine(command, place.user);
  const { exitCode, signal, stdout, stderr } = end;
  const info = { host: place.host, command: shown, exitCode, stderr, stdout };
  if (exitCode === undefined) {
    if (late) throw timedOut(info, timeoutMs);
    const how = signal === undefined ? 'ended without an exit code' : `was ended by signal ${signal}`;
    throw new CommandError(`${shown} ${how}`, info, { details: lastLines(stderr) });
  }
  if ((command.accept ?? [0]).includes(exitCode)) return { exitCode, stdout, stderr };
  if (late && (exitCode === timedOutExitCode || exitCode === killedExitCode)) throw timedOut(info, timeoutMs);
  if (command.asRoot && place.user !== 'root' && isSudoRefusal(stderr)) throw noSudo(info, place);
  throw new CommandError(`${shown} failed with exit code ${exitCode}`, info, {
    details: lastLines(stderr || stdout),
  });
}

/** How a command ended; without an exit code when a signal or nobody knows what ended it. */
export interface CommandEnd {
  exitCode: number | undefined;
  signal: string | undefined;
  stdout: string;
  stderr: string;
}

function execute(
  connection: SshConnection,
  line: string,
  stdin: string | Uint8Array | undefined,
  timeoutMs: number,
): Promise<CommandEnd> {
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let exitCode: number | undefined;
    let signal: string | undefined;
    let settled = false;
    const settle = (finish: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      forget();
      finish();
    };
    const succeed = (): void =>
      settle(() =>
        resolve({
          exitCode,
          signal,
          stdout: Buffer.concat(stdout).toString(),
          stderr: Buffer.concat(stderr).toString(),
        }),
      );
    let channel: ClientChannel | undefined;
    // The far side ends it first; this is for a far side that can't.
    const timer = setTimeout(() => {
      succeed();
      channel?.close();
    }, timeoutMs + 8_000);
    const forget = connection.onLost((error) => queueMicrotask(() => settle(() => reject(error))));
    const listen = (opened: ClientChannel): void => {
      channel = opened;
      if (settled) {
        opened.close();
        return;
      }
      channel.on('data', (chunk: Buffer) => void stdout.push(chunk));
      channel.stderr.on('data', (chunk: Buffer) => void stderr.push(chunk));
      channel.on('exit', (code: number | null, name?: string) => {
        if (code === null) signal = name ?? 'unknown';
        else exitCode = code;
      });
      // A command may end without reading what it was given.
      channel.on('error', () => {});
      channel.on('close', () => {
        // without a word of how it ended, the connection's own end is about to be noticed
        if (exitCode === undefined && signal === undefined) setTimeout(succeed, 500);
        else succeed();
      });
      channel.end(stdin === undefined ? undefined : Buffer.from(stdin as string));
    };
    openExecChannel(connection, line, listen).catch((error: unknown) => settle(() => reject(error)));
  });
}

type Info = ConstructorParameters<typeof CommandError>[1];

function timedOut(info: Info, timeoutMs: number): CommandError {
  return new CommandError(`${info.command} did not end within ${timeoutMs / 1000} s and was killed`, info, {
    details: lastLines(info.stderr),
    next: `${info.host} lets us in, but something on it hangs: look at systemctl status and journalctl -n 50 there, or restart it`,
  });
}

function isSudoRefusal(stderr: string): boolean {
  return (
    /^sudo: .*(password is required|a terminal is required|no tty present)/m.test(stderr) ||
    /sudo:.*(not found|No such file)/.test(stderr) ||
    /(is not in the sudoers file|may not run sudo|is not allowed to)/.test(stderr)
  );
}

function noSudo(info: Info, place: CommandPlace): SudoError {
  const missing = /sudo:.*(not found|No such file)/.test(info.stderr);
  return new SudoError(
    missing
      ? `there is no sudo on ${place.host}, and ${place.user} is not root`
      : `${place.user} may not become root on ${place.host} without a password`,
    info,
    {
      details: lastLines(info.stderr),
      next: missing
        ? 'as root there: apt-get install sudo, or write ssh: {user: root} in the cluster file'
        : `as root there: echo '${place.user} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/${place.user}`,
    },
  );
}

function lastLines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-shownLines);
}
