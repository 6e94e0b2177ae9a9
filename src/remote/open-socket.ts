import type { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { wrapChannel } from './channel-stream.ts';
import { type Command, renderCommandLine } from './command.ts';
import { openExecChannel } from './exec-channel.ts';
import type { SshConnection } from './open-ssh.ts';
import { SocketError, type SocketFailure } from './remote-errors.ts';

/** How sshd answered when asked for a stream to a unix socket. */
export type ForwardOutcome =
  | { kind: 'open'; stream: Duplex }
  /** sshd does not forward unix sockets at all (`AllowStreamLocalForwarding no`, or not OpenSSH). */
  | { kind: 'forbidden' }
  /** The SSH user can't open it: absent, nobody listening, or not permitted; sshd doesn't say which. */
  | { kind: 'failed' };

const administrativelyProhibited = 1;

/**
 * Opens a stream to a unix socket as the SSH user, forwarded by sshd.
 *
 * @throws ConnectionError when the connection is gone, SocketError when sshd says nothing in time.
 */
export function forwardSocket(
  connection: SshConnection,
  path: string,
  host: string,
  timeoutMs: number,
): Promise<ForwardOutcome> {
  return new Promise((resolve, reject) => {
    const lost = connection.lost();
    if (lost) return reject(lost);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(explainSilence(host, path, timeoutMs));
    }, timeoutMs);
    connection.client.openssh_forwardOutStreamLocal(path, (error, channel) => {
      clearTimeout(timer);
      if (late) return channel?.close();
      if (!error) return resolve({ kind: 'open', stream: wrapChannel(channel, connection) });
      const now = connection.lost();
      if (now) return reject(now);
      const { reason, message } = error as Error & { reason?: number | string };
      const forbidden =
        reason === administrativelyProhibited ||
        /administratively|prohibited|not permitted|strictVendor|unknown channel/i.test(
          `${reason} ${message}`,
        );
      resolve({ kind: forbidden ? 'forbidden' : 'failed' });
    });
  });
}

// perl-base is there on every Debian and Ubuntu. The first line tells us that the socket is open, or why not.
const bridgeProgram = `use strict; use IO::Socket::UNIX; $| = 1; binmode STDIN; binmode STDOUT;
my $socket = IO::Socket::UNIX->new(Peer => $ARGV[0]);
if (!$socket) { my $code = $! + 0; print "error $code $!\\n"; exit 0 }
syswrite STDOUT, "open\\n";
$SIG{PIPE} = 'IGNORE';
my $open = 1;
sub copy { my ($to, $data) = @_; my $at = 0;
  while ($at < length $data) { my $n = syswrite $to, $data, length($data) - $at, $at; exit 0 unless defined $n; $at += $n } }
while (1) {
  my $wait = ''; vec($wait, fileno($socket), 1) = 1; vec($wait, fileno(STDIN), 1) = 1 if $open;
  my $ready = $wait; next if select($ready, undef, undef, undef) < 0;
  if (vec($ready, fileno($socket), 1)) { my $n = sysread $socket, my $data, 65536; exit 0 unless $n; copy(*STDOUT, $data) }
  if ($open && vec($ready, fileno(STDIN), 1)) { my $n = sysread STDIN, my $data, 65536;
    if ($n) { copy($socket, $data) } else { $open = 0; shutdown $socket, 1 } }
}`;

/**
 * Opens a stream to a unix socket through a small program on the host, as root where the user isn't.
 *
 * @throws SocketError that says what is wrong with the socket, or that nothing was said about it in time.
 */
export async function bridgeSocket(
  connection: SshConnection,
  path: string,
  place: { host: string; user: string },
  timeoutMs: number,
  onClose: () => void,
): Promise<Duplex> {
  const command: Command = { program: 'perl', args: ['-e', bridgeProgram, path], asRoot: true };
  const channel = await openExecChannel(connection, renderCommandLine(command, place.user));
  const stderr: Buffer[] = [];
  channel.stderr.on('data', (chunk: Buffer) => void stderr.push(chunk));
  const first = await readFirstLine(channel, connection, timeoutMs);
  if (!first) {
    channel.close();
    throw explainSilence(place.host, path, timeoutMs);
  }
  const { line, rest } = first;
  if (line === 'open') {
    const stream = wrapChannel(channel, connection, onClose);
    if (rest.length > 0) stream.unshift(rest);
    return stream;
  }
  channel.close();
  const [, code, reason = ''] = /^error (\d+) (.*)$/.exec(line) ?? [];
  if (code === undefined) {
    const said = Buffer.concat(stderr).toString().trim();
    // nothing at all was said: sudo or perl itself failed
    throw explainSocket(place.host, path, 'denied', said || 'the host could not start perl', place.user);
  }
  throw explainSocket(place.host, path, failureOf(Number(code)), reason, place.user);
}

const errnoAbsent = 2;
const errnoRefused = 111;
const errnoDenied = 13;

function failureOf(errno: number): Exclude<SocketFailure, 'silent'> {
  if (errno === errnoAbsent) return 'absent';
  if (errno === errnoRefused) return 'refused';
  return errno === errnoDenied ? 'denied' : 'failed';
}

/** The error of a socket that can't be opened, with the next step. */
function explainSocket(
  host: string,
  path: string,
  failure: Exclude<SocketFailure, 'silent'>,
  reason: string,
  user: string,
): SocketError {
  const messages: Record<typeof failure, [string, string]> = {
    absent: [`there is no socket ${path}`, 'is the service that makes it installed and started?'],
    refused: [`nobody listens on ${path}`, 'is the service that makes it started?'],
    denied: [
      `${user} may not open ${path}`,
      `give ${user} passwordless sudo, or write ssh: {user: root} in the cluster file`,
    ],
    failed: [`${path} can't be opened`, 'look at the journal of the service that makes it'],
  };
  const [message, next] = messages[failure];
  return new SocketError(host, path, failure, message, { next, details: reason ? reason.split('\n') : [] });
}

function explainSilence(host: string, path: string, timeoutMs: number): SocketError {
  return new SocketError(host, path, 'silent', `${path} could not be opened within ${timeoutMs / 1000} s`, {
    next: `the machine or the service behind the socket hangs; on ${host}: journalctl -n 50, then restart what hangs`,
  });
}

/** `undefined` when none comes in time. */
function readFirstLine(
  channel: ClientChannel,
  connection: SshConnection,
  timeoutMs: number,
): Promise<{ line: string; rest: Buffer } | undefined> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const timer = setTimeout(() => {
      stop();
      resolve(undefined);
    }, timeoutMs);
    const stop = (): void => {
      clearTimeout(timer);
      forget();
      channel.removeListener('data', onData);
      channel.removeListener('close', onEnd);
    };
    const onData = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf('\n');
      if (end < 0) return;
      stop();
      channel.pause();
      resolve({ line: received.subarray(0, end).toString(), rest: received.subarray(end + 1) });
    };
    const onEnd = (): void => {
      stop();
      resolve({ line: received.toString(), rest: Buffer.alloc(0) });
    };
    channel.on('data', onData).on('close', onEnd);
    const forget = connection.onLost((error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
