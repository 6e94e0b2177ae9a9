/** `update: blue-green` of a route: the second port of its services. No I/O here. */
import type { InputPath } from '../input/schema-problems.ts';
import type { ServiceDefinition } from '../stack/definition.ts';
import type { Frontend } from './definition.ts';
import type { PublishedPort } from './published-ports.ts';
import type { FrontendContext } from './read-frontend.ts';
import type { Report } from './read-route.ts';
import type { RouteInput } from './schema.ts';

const portDistance = 10_000;
const largestPort = 65_535;

/** The ports of a route with their second ones; what can't be updated so is reported. */
export function readBlueGreen(
  update: RouteInput['update'],
  ports: PublishedPort[],
  path: InputPath,
  { services, report }: FrontendContext,
): PublishedPort[] {
  if (update === undefined) return ports;
  const refuse = (reason: string, next: string): void =>
    report(path, `can't be updated blue-green: ${reason}`, next);
  const told = update === 'blue-green' ? undefined : update['blue-green'].port;
  if (told !== undefined && ports.length > 1) {
    refuse('one second port for several services', 'write "update: blue-green", without a port');
    return ports;
  }
  return ports.map((port) => {
    const reason = explainUnfit(port, services.find(({ key }) => key === port.service)!);
    if (reason !== undefined) {
      refuse(`${port.service} ${reason}`, 'publish one port, with "mode: host"');
      return port;
    }
    const above = port.published + portDistance;
    const green = told ?? (above > largestPort ? port.published - portDistance : above);
    if (green === port.published)
      refuse(`${port.service} has port ${green} already`, 'choose another second port');
    return { ...port, green };
  });
}

function explainUnfit(port: PublishedPort, { spec }: ServiceDefinition): string | undefined {
  if (port.mode !== 'host') return 'publishes its port through the ingress mesh, which starts first anyway';
  if ((spec.EndpointSpec?.Ports ?? []).length > 1)
    return 'publishes several ports, and the second set of tasks would find the others taken';
  if (spec.Mode?.ReplicatedJob || spec.Mode?.GlobalJob) return 'is a job';
  return undefined;
}

/** A service behind two routes is updated in one way. */
export function reportUnevenUpdates(frontends: Frontend[], report: Report): void {
  const seen = new Map<string, number | undefined>();
  for (const { name, routes } of frontends) {
    for (const { service, green } of routes.flatMap(({ ports }) => ports)) {
      if (seen.has(service) && seen.get(service) !== green)
        report(
          [name],
          `${service} is updated in another way than behind another route`,
          'write the same "update" at each of its routes',
        );
      seen.set(service, green);
    }
  }
}
