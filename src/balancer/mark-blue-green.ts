/** Tells the stack which of its services are updated blue-green. No I/O here. */
import type { EngineName } from '../cluster/engine-name.ts';
import type { ServiceDefinition, StackDefinition } from '../stack/definition.ts';
import { parseBalancer } from './definition.ts';

/** The stack with the ports of those services that are updated blue-green. @throws InputError as `parseBalancer`. */
export function markBlueGreen(definition: StackDefinition, engine: EngineName = 'haproxy'): StackDefinition {
  if (!definition.xBalancer) return definition;
  const ports = parseBalancer(definition, engine).frontends.flatMap(({ routes }) =>
    routes.flatMap((route) => route.ports),
  );
  const services = definition.services.map((service): ServiceDefinition => {
    const port = ports.find((one) => one.service === service.key && one.green !== undefined);
    return port?.green === undefined
      ? service
      : { ...service, blueGreen: { blue: port.published, green: port.green } };
  });
  return { ...definition, services };
}

/** Whether any service is updated so. */
export function hasTurnOvers({ services }: Pick<StackDefinition, 'services'>): boolean {
  return services.some(({ blueGreen }) => blueGreen !== undefined);
}
