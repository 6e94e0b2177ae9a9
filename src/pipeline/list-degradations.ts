import { nameServer } from '../balancer/backends.ts';
import { judgeExpiry } from '../balancer/certificate-expiry.ts';
import type { ClusterStatus } from './read-status.ts';

/** What is not as it should be, one line each, in the order a person would look. Pure. */
export function listDegradations(status: Omit<ClusterStatus, 'degraded'>): string[] {
  return [
    ...status.nodes.flatMap(describeNode),
    ...(status.swarmUnknown === undefined ? [] : [`nothing is known of the swarm: ${status.swarmUnknown}`]),
    ...describeServices(status),
    ...(status.vips ?? []).flatMap(({ problem }) => problem ?? []),
    ...describeSilentBalancers(status),
    ...describeBalancers(status),
    ...describeCertificates(status),
  ];
}

type Status = Omit<ClusterStatus, 'degraded'>;

function describeNode({ name, unreachable, swarm }: Status['nodes'][number]): string[] {
  if (unreachable !== undefined) return [`${name} can't be reached: ${unreachable}`];
  if (!swarm) return [];
  if (swarm.status !== 'ready')
    return [`${name} is ${swarm.status} in the swarm${swarm.message ? `: ${swarm.message}` : ''}`];
  if (swarm.reachability !== undefined && swarm.reachability !== 'reachable') {
    return [`${name} is a manager the others can't reach (${swarm.reachability})`];
  }
  return [];
}

function describeServices({ stacks }: Status): string[] {
  return stacks
    .flatMap(({ services }) => services)
    .filter(({ done }) => !done)
    .map((service) => {
      const reason = service.reasons[0];
      return `service ${service.name}: ${service.running} of ${service.wanted} tasks running${reason === undefined ? '' : ` (${reason})`}`;
    });
}

/** Let in by SSH, and then no answer: a machine that hangs. Those that let nobody in are told of as nodes. */
function describeSilentBalancers({ balancers = [], nodes }: Status): string[] {
  return balancers.flatMap(({ name, unreachable }) => {
    const known = nodes.some((node) => node.name === name && node.unreachable !== undefined);
    return unreachable === undefined || known ? [] : [`${name} tells nothing of itself: ${unreachable}`];
  });
}

function describeBalancers({ balancers = [], stacks, vips = [] }: Status): string[] {
  // A server is down for a reason where no task of its service runs on its node: the service's own line says that.
  const services = stacks.flatMap((stack) => stack.services);
  const isRunning = (server: { name: string; address: string }): boolean =>
    services.some(
      ({ key, color, nodes, ports }) =>
        nodes.some((node) => nameServer(node, key, color) === server.name) &&
        // two stacks may have services of one name, but not of one port
        isPublished(server.address, ports),
    );
  return balancers
    .filter(({ unreachable }) => unreachable === undefined)
    .flatMap(({ name, engine, engineState, keepalived, backends }) => [
      ...(engineState === 'active' ? [] : [`${name}: ${engine} is ${engineState || 'not installed'}`]),
      // without a virtual address it has nothing to do
      ...(vips.length === 0 || keepalived === 'active' || keepalived === ''
        ? []
        : [`${name}: keepalived is ${keepalived}`]),
      ...backends
        .filter(({ servers }) => servers.length > 0 && servers.every(({ up }) => !up))
        .map((backend) => `${name}: no server of ${backend.name} answers`),
      ...backends.flatMap((backend) =>
        backend.servers
          .filter((server) => !server.up && isRunning(server))
          .map((server) =>
            /^(DRAIN|MAINT)/.test(server.status)
              ? `${name}: server ${server.name} of ${backend.name} is drained by hand; kawanan balancer ready ${server.name} puts it back`
              : `${name}: server ${server.name} of ${backend.name} is ${server.status} (${server.check}) though its task runs`,
          ),
      ),
    ]);
}

/** Whether a server's port is among those that a service publishes (`8000:80/tcp host`). */
function isPublished(address: string, ports: readonly string[]): boolean {
  const [, port] = address.split(':');
  return port === undefined || ports.some((one) => one.startsWith(`${port}:`));
}

/** The balancers have the same ones: each is told of once. */
function describeCertificates({ balancers = [] }: Status): string[] {
  return [
    ...new Set(
      balancers.flatMap(({ certificates }) => certificates.flatMap((one) => judgeExpiry(one) ?? [])),
    ),
  ];
}
