/** What the processes that a reload left behind still work on: HAProxy's statistics tell of the newest one only. No I/O here. */
import type { LiveBalancer, LiveServer } from '../live-server.ts';

/** Where HAProxy's master process listens: Debian's and Ubuntu's packages have it so. */
export const masterSocketPath = '/run/haproxy-master.sock';

/**
 * In Perl, given the path of the master's socket; one round trip. Prints `BACKEND SERVER SESSIONS` for what the processes left behind work on, none where there
 * are none. Sessions are counted one by one, for `show stat` of HAProxy 2.4 leaves out what takes nothing new; and a kept
 * connection without a request is none. Source: HAProxy management guide, "show proc", "show sess".
 */
export const leftBehindScript = `use strict; use warnings; use IO::Socket::UNIX;
$SIG{ALRM} = sub { exit 0 };
alarm 4;
sub ask {
  my $socket = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit 0;
  syswrite $socket, "$_[0];quit\\n";
  my $answer = '';
  # who asks for a process that has just ended isn't told that this was all (HAProxy 3.0)
  while ($answer !~ /^Can't find/ and sysread $socket, $answer, 65536, length $answer) { }
  return $answer;
}
my ($old) = ask('show proc') =~ /^# old workers\\n(.*?)^(?:#|$)/ms;
my %count;
for my $pid (($old // '') =~ /^(\\d+)\\s+worker\\s/mg) {
  my $sessions = ask("\\@!$pid show sess");
  $count{"$1 $2"}++ while $sessions =~ /^0x\\S+: .* be=(\\S+) srv=([^<\\s]\\S*) /mg;
}
print "$_ $count{$_}\\n" for sort keys %count;
`;

/**
 * Adds what the script printed to the work of the servers that there are. Where a reload has renamed a section, it is the
 * work of each server of that name: one name, one node and service.
 */
export function addLeftBehind({ servers, ...rest }: LiveBalancer, output: string): LiveBalancer {
  const counts = new Map<LiveServer, number>();
  for (const [, backend, name, count] of output.matchAll(/^(\S+) (\S+) (\d+)$/gm)) {
    const named = servers.filter((server) => server.name === name);
    const same = named.filter((server) => server.backend === backend);
    for (const server of same.length > 0 ? same : named)
      counts.set(server, (counts.get(server) ?? 0) + Number(count));
  }
  return {
    ...rest,
    servers: servers.map((server) => ({ ...server, sessions: server.sessions + (counts.get(server) ?? 0) })),
  };
}
