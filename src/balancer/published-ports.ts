import type { ServiceDefinition } from '../stack/definition.ts';

/** A port of a service as the balancer can reach it on nodes. */
export interface PublishedPort {
  /** Key of the service in the compose file. */
  service: string;
  /** Port on the node. */
  published: number;
  /** Port in the container. */
  target: number;
  mode: 'host' | 'ingress';
  /** The second port on the node, of a service that is updated blue-green. */
  green?: number;
  /** Placement constraints of the service, as in the compose file. */
  constraints: string[];
}

/** The TCP ports that a service publishes at a fixed number, in the order of the compose file. */
export function listPublishedPorts(service: ServiceDefinition): PublishedPort[] {
  const constraints = service.spec.TaskTemplate.Placement?.Constraints ?? [];
  return (service.spec.EndpointSpec?.Ports ?? [])
    .filter((port) => (port.Protocol ?? 'tcp') === 'tcp' && (port.PublishedPort ?? 0) > 0)
    .map((port) => ({
      service: service.key,
      published: port.PublishedPort!,
      target: port.TargetPort,
      mode: port.PublishMode === 'host' ? 'host' : 'ingress',
      constraints,
    }));
}

/** A service's ports in words, for messages: `8000 (host, container port 80)`. */
export function describePorts(ports: PublishedPort[]): string {
  return ports
    .map(({ published, target, mode }) =>
      published === target ? `${published} (${mode})` : `${published} (${mode}, container port ${target})`,
    )
    .join(', ');
}
