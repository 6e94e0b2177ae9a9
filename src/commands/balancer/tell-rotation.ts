import type { RotationResult } from '../../balancer/rotation.ts';
import type { CommandContext } from '../../cli.ts';
import { neutralise } from '../../output/terminal.ts';

/** Prints which servers are drained or ready now, and which balancers don't know. */
export function tellRotation(
  name: string,
  state: 'drained' | 'ready',
  { servers, away }: RotationResult,
  { terminal }: CommandContext,
): void {
  if (servers.length === 0) terminal.out(`${name} has no server on any balancer: nothing to do\n`);
  for (const server of servers) terminal.out(`${server} is ${state}\n`);
  for (const { balancer, reason } of away)
    terminal.err(
      `${terminal.colors.yellow('warning')} ${neutralise(`${balancer} does not answer and was not told: ${reason}`)}\n`,
    );
}
