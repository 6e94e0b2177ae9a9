/** Whether a balancer can take a virtual address over. No I/O here. */
import type { BalancerNodeStatus } from '../status.ts';

/** What speaks against it, one line each; nothing when it serves all that the balancer serves which holds the address now. */
export function judgeTaker(taker: BalancerNodeStatus, giver: BalancerNodeStatus): string[] {
  const { name, unreachable, engine, engineState, keepalived } = taker;
  if (unreachable !== undefined) return [`${name} can't be reached: ${unreachable}`];
  const stopped = [
    ...(engineState === 'active' ? [] : [`${engine} is ${engineState || 'not installed'} on ${name}`]),
    ...(keepalived === 'active' ? [] : [`keepalived is ${keepalived || 'not installed'} on ${name}`]),
  ];
  if (stopped.length > 0) return stopped;
  // NGINX doesn't tell; both lists are empty then
  return giver.backends.flatMap((backend) => {
    const twin = taker.backends.find((one) => one.name === backend.name);
    if (!twin)
      return [`${name} doesn't serve ${backend.name}, which ${giver.name} does: run kawanan up first`];
    const isUp = (server: { up: boolean }): boolean => server.up;
    return backend.servers.some(isUp) && !twin.servers.some(isUp)
      ? [`${name} sees no server of ${backend.name} up, and ${giver.name} does`]
      : [];
  });
}
