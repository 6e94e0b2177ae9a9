/** Asks the network itself who has a virtual address, from a machine that is no balancer. */
import { balancers, type Cluster, listVirtualAddresses, swarmNodes } from '../../cluster/cluster.ts';
import { UserError } from '../../errors.ts';
import type { Hosts } from '../../remote/host.ts';
import type { NetworkView } from './judge-network-view.ts';

// ARP (RFC 826) by hand, for arping is installed nowhere by default; Perl's base is on every Debian and Ubuntu. Arguments: addresses. For each that is on a network of
// this machine: `asked ADDRESS`, `cached ADDRESS MAC` as it stood before, and `answer ADDRESS MAC` for each that answers
// within 0.4 s; 0.15 s more are waited for a second answer.
const askProgram = `
use strict; use Socket;
my ($ETH_P_ARP, $AF_PACKET) = (0x0806, 17);
for my $vip (@ARGV) {
  my $route = \`ip -4 -o route get $vip 2>/dev/null\`;
  next if $route =~ / via / or $route !~ / dev (\\S+) .*?src (\\S+)/;
  my ($device, $source) = ($1, $2);
  next if $device eq 'lo';
  open my $file, '<', "/sys/class/net/$device/address" or next;
  my ($own) = <$file> =~ /([0-9a-f:]{17})/ or next;
  open $file, '<', "/sys/class/net/$device/ifindex" or next;
  my $index = int <$file>;
  print "asked $vip\\n";
  print "cached $vip $1\\n" if \`ip -4 neigh show to $vip dev $device\` =~ /lladdr ([0-9a-f:]{17})/;
  my $bytes = sub { pack 'H12', $_[0] =~ tr/://dr };
  socket my $socket, $AF_PACKET, SOCK_RAW, unpack('n', pack('S', $ETH_P_ARP)) or die "no raw socket: $!\\n";
  bind $socket, pack('SnlSCCa8', $AF_PACKET, $ETH_P_ARP, $index, 0, 0, 0, '') or die "no raw socket: $!\\n";
  my $request = $bytes->('ff:ff:ff:ff:ff:ff') . $bytes->($own) . pack('nnnCCn', $ETH_P_ARP, 1, 0x0800, 6, 4, 1)
    . $bytes->($own) . inet_aton($source) . "\\0" x 6 . inet_aton($vip);
  send $socket, $request, 0 or die "nothing can be sent: $!\\n";
  my ($left, %seen) = (0.4);
  while (1) {
    my $ready = '';
    vec($ready, fileno $socket, 1) = 1;
    # Linux tells how much of the time is left
    (my $found, $left) = select $ready, undef, undef, $left;
    last unless $found;
    defined recv $socket, my $frame, 2048, 0 or last;
    next if length $frame < 42 or unpack('n', substr $frame, 20, 2) != 2 or substr($frame, 28, 4) ne inet_aton($vip);
    my $mac = join ':', unpack '(H2)6', substr $frame, 22, 6;
    next if $seen{$mac}++;
    print "answer $vip $mac\\n";
    $left = 0.15 if $left > 0.15;
  }
}
`;

/**
 * Who answers for each virtual address, as the first swarm node sees it that is on its network, and which MAC addresses
 * the balancers have. `undefined` where no node can tell, or a balancer's MAC addresses aren't known.
 */
export async function askWhoHas(cluster: Cluster, hosts: Hosts): Promise<NetworkView | undefined> {
  const addresses = listVirtualAddresses(cluster).map(({ address }) => address);
  if (addresses.length === 0) return undefined;
  const [macs, seen] = await Promise.all([readMacs(cluster, hosts), ask(cluster, hosts, addresses)]);
  return seen && { ...seen, macs };
}

async function readMacs(cluster: Cluster, hosts: Hosts): Promise<Record<string, string[]>> {
  const entries = await Promise.all(
    balancers(cluster).map(async ({ name }): Promise<[string, string[]]> => {
      const macs = await tryOn(hosts, name, async (host) => {
        const { stdout } = await host.run({ program: 'sh', args: ['-c', 'cat /sys/class/net/*/address'] });
        return stdout.split('\n').filter((mac) => mac !== '' && mac !== '00:00:00:00:00:00');
      });
      return [name, macs ?? []];
    }),
  );
  return Object.fromEntries(entries);
}

async function ask(
  cluster: Cluster,
  hosts: Hosts,
  addresses: string[],
): Promise<Omit<NetworkView, 'macs'> | undefined> {
  for (const { name } of swarmNodes(cluster)) {
    const stdout = await tryOn(hosts, name, async (host) => {
      const result = await host.run({
        program: 'perl',
        args: ['-', ...addresses],
        title: 'asking the network who has the virtual address',
        stdin: askProgram,
        asRoot: true,
        timeoutMs: 10_000,
      });
      return result.stdout;
    });
    const answers = stdout === undefined ? {} : parseAnswers(stdout);
    if (Object.keys(answers).length > 0) return { node: name, answers };
  }
  return undefined;
}

/** What the program prints, by address. */
export function parseAnswers(output: string): NetworkView['answers'] {
  const answers: NetworkView['answers'] = {};
  for (const line of output.split('\n')) {
    const [kind, address = '', mac = ''] = line.split(' ');
    if (kind === 'asked') answers[address] = { macs: [] };
    if (kind === 'cached' && answers[address]) answers[address].cached = mac;
    if (kind === 'answer') answers[address]?.macs.push(mac);
  }
  return answers;
}

/** A machine that can't be reached or can't do it is told of elsewhere. */
async function tryOn<T>(
  hosts: Hosts,
  name: string,
  work: (host: Awaited<ReturnType<Hosts['connect']>>) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work(await hosts.connect(name));
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
