import { type ErrorOptions, exitCodes, UserError } from '../errors.ts';

/** Why a machine can't be talked to. */
export type ConnectionFailure =
  | 'refused'
  | 'timeout'
  | 'unreachable'
  | 'unresolved'
  | 'authentication'
  | 'key-file'
  | 'unknown-host-key'
  | 'changed-host-key'
  | 'handshake'
  | 'sessions'
  | 'lost'
  | 'closed';

// What only the user's files or arguments can mend is bad input; the rest may be mended by waiting.
const inputFailures: ConnectionFailure[] = [
  'authentication',
  'key-file',
  'unknown-host-key',
  'changed-host-key',
  'unresolved',
];

/** No SSH connection to a machine, or no longer. `failure` tells which kind. */
export class ConnectionError extends UserError {
  override name = 'ConnectionError';
  override readonly exitCode: number;
  readonly host: string;
  readonly failure: ConnectionFailure;

  constructor(host: string, failure: ConnectionFailure, message: string, options: ErrorOptions = {}) {
    super(message, { ...options, place: { host, ...options.place } });
    this.host = host;
    this.failure = failure;
    this.exitCode = inputFailures.includes(failure) ? exitCodes.badInput : exitCodes.failed;
  }
}

const passingFailures: ConnectionFailure[] = ['refused', 'timeout', 'unreachable', 'lost'];

/** Whether a machine is off or cut off, and may come back by itself. */
export function isAway(error: unknown): error is ConnectionError {
  return error instanceof ConnectionError && passingFailures.includes(error.failure);
}

/** What is asked of a machine after the command closed its connections. */
export function closedError(host: string): ConnectionError {
  return new ConnectionError(host, 'closed', `the connection to ${host} is closed`);
}

/** A command on a machine ended with an exit code that isn't an answer, or not in time. */
export class CommandError extends UserError {
  override name = 'CommandError';
  readonly host: string;
  /** Its title, or else the command as one would type it; never its standard input. */
  readonly command: string;
  /** Absent when it was killed, by us or by a signal. */
  readonly exitCodeOfCommand: number | undefined;
  readonly stderr: string;
  readonly stdout: string;

  constructor(
    message: string,
    info: { host: string; command: string; exitCode: number | undefined; stderr: string; stdout: string },
    options: ErrorOptions = {},
  ) {
    super(message, { ...options, place: { host: info.host } });
    this.host = info.host;
    this.command = info.command;
    this.exitCodeOfCommand = info.exitCode;
    this.stderr = info.stderr;
    this.stdout = info.stdout;
  }
}

/** The SSH user may not become root without a password. */
export class SudoError extends CommandError {
  override name = 'SudoError';
}

export type SocketFailure = 'absent' | 'refused' | 'denied' | 'silent' | 'failed';

/** A unix socket of a machine that can't be talked to: `absent` (nothing there), `refused` (nobody listens), `denied`, `silent` (no answer in time). */
export class SocketError extends UserError {
  override name = 'SocketError';
  readonly host: string;
  readonly path: string;
  readonly failure: SocketFailure;

  constructor(
    host: string,
    path: string,
    failure: SocketFailure,
    message: string,
    options: ErrorOptions = {},
  ) {
    super(message, { ...options, place: { host, path, ...options.place } });
    this.host = host;
    this.path = path;
    this.failure = failure;
  }
}
