import { UserError } from '../../errors.ts';
import type { Host } from '../../remote/host.ts';
import type { Jitter } from './judge-jitter.ts';

const seconds = 3;

/** Sleeps 5 ms at a time and prints by how many milliseconds the latest waking was late. Perl's base is everywhere, and has no fine clock but the kernel's call. */
const measuringProgram = `
use strict; use POSIX ();
my ($monotonic, $call) = (1, {x86_64 => 228, aarch64 => 113}->{(POSIX::uname())[4]});
sub now {
  return Time::HiRes::clock_gettime($monotonic) unless $call;
  my $time = pack 'qq', 0, 0;
  syscall($call, $monotonic, $time) == 0 or die "no clock: $!\\n";
  my ($seconds, $nanoseconds) = unpack 'qq', $time;
  return $seconds + $nanoseconds / 1e9;
}
require Time::HiRes unless $call;
my ($largest, $end) = (0, now() + ${seconds});
while ((my $before = now()) < $end) {
  select undef, undef, undef, 0.005;
  my $late = now() - $before - 0.005;
  $largest = $late if $late > $largest;
}
printf "late %.3f\\n", $largest * 1000;
`;

// As a service of its own, so that it stands where keepalived stands: who may run in real time depends on that.
const measuringScript = `
program=$1
run() { systemd-run --quiet --collect --wait --pipe "$@" perl -e "$program" < /dev/null; }
run -p CPUSchedulingPolicy=rr -p CPUSchedulingPriority=50 2>/dev/null && { echo real-time; exit 0; }
run
`;

/** How late a process of keepalived's priority is woken on a host; takes 3 s. */
export async function measureJitter(host: Host): Promise<Jitter> {
  const { stdout } = await host.run({
    program: 'sh',
    args: ['-c', measuringScript, 'sh', measuringProgram],
    title: 'measuring how late processes are woken',
    asRoot: true,
    timeoutMs: 30_000,
  });
  const late = /^late ([0-9.]+)$/m.exec(stdout)?.[1];
  if (late === undefined)
    throw new UserError('how late processes are woken could not be measured', {
      place: { host: host.name },
      next: 'choose failover: safe, which needs no measurement',
    });
  return { largestMs: Number(late), seconds, realTime: /^real-time$/m.test(stdout) };
}
