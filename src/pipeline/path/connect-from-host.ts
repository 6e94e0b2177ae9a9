import type { Host } from '../../remote/host.ts';
import { type Ending, judgeAnswer, type Outcome, type Target } from './connection.ts';

/** Where on a host a connection is made from: the host itself, or the network of one of its containers. */
export interface Vantage {
  host: Host;
  /** Process ID on the host of a program in the container whose network is used. */
  processId?: number;
}

// Perl's base is on every Debian and Ubuntu, and its IO::Socket in it. One process a target, so that one that doesn't
// answer holds up no other; each prints one line, short enough not to be torn.
const connectScript = `
use strict; use IO::Socket::INET; use IO::Select; use Errno qw(ECONNREFUSED ETIMEDOUT EHOSTUNREACH ENETUNREACH);
my $patience = 2;
for my $number (0 .. $#ARGV) {
  my $pid = fork;
  die "no process: $!\\n" unless defined $pid;
  next if $pid;
  my ($address, $port, $kind, $method, $path) = split / /, $ARGV[$number];
  my $socket = IO::Socket::INET->new(PeerAddr => $address, PeerPort => $port, Proto => 'tcp', Timeout => $patience);
  unless ($socket) {
    my $kind = $! == ECONNREFUSED ? 'refused' : ($! == EHOSTUNREACH || $! == ENETUNREACH) ? "unreachable $!" : 'timeout';
    syswrite STDOUT, "$number $kind\\n";
    exit;
  }
  my $bytes = '';
  if ($kind ne 'tcp') {
    $SIG{PIPE} = 'IGNORE';
    syswrite $socket, "$method $path HTTP/1.1\\r\\nHost: $address:$port\\r\\nUser-Agent: kawanan-doctor\\r\\nConnection: close\\r\\n\\r\\n" if $kind eq 'http';
    if (!IO::Select->new($socket)->can_read($patience)) { syswrite STDOUT, "$number silent\\n"; exit }
    sysread $socket, $bytes, 64;
  }
  syswrite STDOUT, "$number taken " . unpack('H*', $bytes // '') . "\\n";
  exit;
}
1 while wait != -1;
`;

/**
 * Tries connections from a host, side by side, and says what became of each, in the order given; 2 s each.
 *
 * @throws CommandError when the host can't run the program that tries.
 */
export async function connectFromHost({ host, processId }: Vantage, targets: Target[]): Promise<Outcome[]> {
  if (targets.length === 0) return [];
  const words = targets.map(({ address, port, ask }) =>
    [address, port, ask.kind, ...(ask.kind === 'http' ? [ask.method, ask.path] : [])].join(' '),
  );
  const perl = ['perl', '-', ...words];
  const inside = processId === undefined ? [] : ['nsenter', '--target', String(processId), '--net', '--'];
  const [program, ...args] = [...inside, ...perl];
  const { stdout } = await host.run({
    program: program!,
    args,
    title: 'trying connections',
    stdin: connectScript,
    asRoot: processId !== undefined,
    timeoutMs: 30_000,
  });
  const endings = parseEndings(stdout);
  return targets.map((target, index) => judgeAnswer(target, endings.get(index) ?? { kind: 'timeout' }));
}

/** The lines that the program prints, by the number of the target. */
export function parseEndings(output: string): Map<number, Ending> {
  const endings = new Map<number, Ending>();
  for (const line of output.split('\n')) {
    const match = /^(\d+) (taken|silent|refused|timeout|unreachable) ?(.*)$/.exec(line);
    if (!match) continue;
    const [, number, kind, rest = ''] = match;
    endings.set(Number(number), readEnding(kind!, rest));
  }
  return endings;
}

function readEnding(kind: string, rest: string): Ending {
  if (kind === 'taken') return { kind, firstBytes: Buffer.from(rest, 'hex') };
  if (kind === 'unreachable') return { kind, detail: rest };
  return { kind: kind as 'silent' | 'refused' | 'timeout' };
}
