/**
 * A service that is updated by a second one beside it: the names, ports and specs of the two. The blue one is the
 * service as the compose file has it, so plain `docker stack deploy` makes that one too; the green one has another
 * name and published port. Pure; the balancer layer asks too.
 */
import type { ServiceDefinition } from './definition.ts';
import type { ServiceSpec } from './engine-types.ts';

export const colors = ['blue', 'green'] as const;
export type Color = (typeof colors)[number];

/** The published ports of one service's two colors. */
export interface BlueGreenPorts {
  blue: number;
  green: number;
}

/** Tells a green service in the swarm; a blue one is as any other. */
export const colorLabel = 'kawanan.color';

const greenSuffix = '--green';

/** A service's, a server's or a task's name in a color; the blue one is the name itself. */
export function nameInColor(name: string, color: Color): string {
  return color === 'green' ? `${name}${greenSuffix}` : name;
}

export function otherColor(color: Color): Color {
  return color === 'blue' ? 'green' : 'blue';
}

export function readColor(spec: Pick<ServiceSpec, 'Labels'>): Color {
  return spec.Labels?.[colorLabel] === 'green' ? 'green' : 'blue';
}

/** The name of a service without its color: what the compose file calls it, behind the stack's name. */
export function nameWithoutColor(spec: Pick<ServiceSpec, 'Name' | 'Labels'>): string {
  const green = readColor(spec) === 'green' && spec.Name.endsWith(greenSuffix);
  return green ? spec.Name.slice(0, -greenSuffix.length) : spec.Name;
}

/** The spec of the compose file as the service of a color has it. */
export function paintSpec(spec: ServiceSpec, color: Color, ports: BlueGreenPorts): ServiceSpec {
  if (color === 'blue') return spec;
  return {
    ...spec,
    Name: nameInColor(spec.Name, 'green'),
    Labels: { ...spec.Labels, [colorLabel]: 'green' },
    EndpointSpec: movePort(spec, ports.blue, ports.green),
  };
}

/** The spec of a service of either color as the compose file would have it. */
export function unpaintSpec(spec: ServiceSpec, ports: BlueGreenPorts): ServiceSpec {
  if (readColor(spec) === 'blue') return spec;
  const { [colorLabel]: _color, ...labels } = spec.Labels ?? {};
  return {
    ...spec,
    Name: nameWithoutColor(spec),
    Labels: labels,
    EndpointSpec: movePort(spec, ports.green, ports.blue),
  };
}

function movePort({ EndpointSpec = {} }: ServiceSpec, from: number, to: number): typeof EndpointSpec {
  const Ports = (EndpointSpec.Ports ?? []).map((port) =>
    port.PublishedPort === from ? { ...port, PublishedPort: to } : port,
  );
  return { ...EndpointSpec, Ports };
}

/** The services of one name that are there: one serves, and while it is turned over a second one is about to. */
export interface Pair<Service> {
  serving?: Service;
  candidate?: Service;
}

/** The older one serves; the newer one is to take over, whether it has yet or not. */
export function findPair<Service extends { Spec: ServiceSpec; CreatedAt: string }>(
  name: string,
  services: Service[],
): Pair<Service> {
  const [serving, candidate] = services
    .filter(({ Spec }) => nameWithoutColor(Spec) === name)
    .toSorted((a, b) => Date.parse(a.CreatedAt) - Date.parse(b.CreatedAt));
  return { ...(serving && { serving }), ...(candidate && { candidate }) };
}

/**
 * The services as a plan compares them: of each that is updated blue-green the one that serves, whichever its color, in
 * the words of the compose file; the candidates aside.
 */
export function foldColors<Service extends { Spec: ServiceSpec; CreatedAt: string }>(
  services: Service[],
  definitions: Pick<ServiceDefinition, 'spec' | 'blueGreen'>[],
): { services: Service[]; candidates: Service[] } {
  const ports = new Map(
    definitions.flatMap(({ spec, blueGreen }) => (blueGreen ? [[spec.Name, blueGreen] as const] : [])),
  );
  const folded: Service[] = [];
  const candidates: Service[] = [];
  for (const service of services) {
    const name = nameWithoutColor(service.Spec);
    const own = ports.get(name);
    const unpainted = own ? { ...service, Spec: unpaintSpec(service.Spec, own) } : service;
    const isCandidate = own !== undefined && findPair(name, services).candidate === service;
    (isCandidate ? candidates : folded).push(unpainted);
  }
  return { services: folded, candidates };
}
