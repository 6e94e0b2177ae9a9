/** What `keepalived -t` says. No I/O here. */

/** Lines that say nothing about the configuration. */
const harmless = [
  // 2.2.7 ends its own test with SIGTERM when a script has a user (keepalived issue 2617)
  /^Terminated$/,
  // real-time priority and locked memory aren't granted in some containers; keepalived works without
  /(SCHED_RR|realtime|real-time|RLIMIT_RTTIME|mlockall|RLIMIT_MEMLOCK|rttime)/i,
  // the kernel has no IPVS, which only balancing inside keepalived would need
  /ipvs|ip_vs/i,
];

/** Exit codes of a test that may have found nothing: 0, and 143 of keepalived 2.2.7 (see above). */
export const acceptableTestExitCodes: readonly number[] = [0, 143];

/** The lines of a configuration test that tell of something wrong. */
export function findConfigWarnings(output: string): string[] {
  return output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !harmless.some((pattern) => pattern.test(line)));
}
