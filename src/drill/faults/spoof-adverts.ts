import { balancers } from '../../cluster/cluster.ts';
import type { Fault } from '../scenario/drill.ts';
import { findMachines, onHost, type Stage } from '../stage.ts';
import type { ArmedFault, FaultTiming } from './strike.ts';

type SpoofFault = Extract<Fault, { kind: 'spoof adverts' }>;

/** Long enough for sixty takeovers, were they believed. */
const spoofSeconds = 6;

// VRRPv3 adverts (RFC 5798, 5.2) of priority 255 from this machine, whoever it is. Arguments: seconds, own address,
// virtual address, router ID, balancers' addresses.
const spoofScript = `
use strict; use Socket;
my ($seconds, $source, $vip, $router, @balancers) = @ARGV;
socket(my $socket, PF_INET, SOCK_RAW, 112) or die "no raw socket: $!\\n";
setsockopt($socket, 0, 2, pack('I', 255)) or die "ttl: $!\\n";
sub checksum { my $sum = 0; $sum += $_ for unpack 'n*', $_[0]; $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16; ~$sum & 0xffff }
my $end = time + $seconds;
while (time < $end) {
  for my $to (@balancers) {
    my $body = pack('CCCCnn', 0x31, $router, 255, 1, 3, 0) . inet_aton($vip);
    my $pseudo = inet_aton($source) . inet_aton($to) . pack('CCn', 0, 112, length $body);
    substr($body, 6, 2) = pack 'n', checksum($pseudo . $body);
    send $socket, $body, 0, pack_sockaddr_in(0, inet_aton($to));
  }
  select undef, undef, undef, 0.03;
}
`;

/** A machine that is no balancer claims the virtual address. */
export async function spoofAdverts(
  fault: SpoofFault,
  stage: Stage,
  { atMostMs }: FaultTiming,
): Promise<ArmedFault> {
  const [node] = await findMachines(fault.from, stage);
  const [active] = await findMachines(fault.where, stage);
  const router = await onHost(stage, active!, async (host) => {
    const text = (await host.readFile('/etc/keepalived/keepalived.conf')) ?? '';
    return /virtual_router_id\s+(\d+)/.exec(text)?.[1] ?? '51';
  });
  const source = stage.cluster.nodes.find(({ name }) => name === node)!.address;
  const vip = stage.cluster.balancer?.vip?.address ?? source;
  return {
    target: `${node} against ${active}`,
    strike: async () => {
      await onHost(stage, node!, (host) =>
        host.run({
          program: 'perl',
          args: [
            '-',
            String(spoofSeconds),
            source,
            vip,
            router,
            ...balancers(stage.cluster).map(({ address }) => address),
          ],
          title: 'sending false VRRP adverts',
          stdin: spoofScript,
          asRoot: true,
          timeoutMs: atMostMs + 10_000,
        }),
      );
    },
    heal: async () => {},
  };
}
