/** What can be said against a stack before any machine is asked. Pure. */
import { type Cluster, swarmNodes } from '../cluster/cluster.ts';
import type { Problem } from '../errors.ts';
import { findNearestWord } from '../input/nearest-word.ts';
import type { ServiceDefinition, StackDefinition } from './definition.ts';
import type { PortConfig } from './engine-types.ts';
import type { RefusalCode } from './lint/lint.ts';
import {
  findEligibleNodes,
  type PlacementNode,
  selectKnowableConstraints,
  toPlacementNode,
} from './placement.ts';

/** Every service that could never run on this cluster, and why; empty when all can. */
export function checkStack(definition: StackDefinition, cluster: Cluster): Problem[] {
  const nodes = swarmNodes(cluster).map(toPlacementNode);
  const eligible = new Map(
    definition.services.map((service) => [
      service.key,
      findEligibleNodes(knowableConstraints(service), nodes),
    ]),
  );
  return [
    ...definition.services.flatMap((service) => checkConstraints(service, nodes, definition)),
    ...definition.services.flatMap((service) =>
      checkRoom(service, eligible.get(service.key) ?? [], definition),
    ),
    ...checkPorts(definition, eligible),
    ...definition.services.flatMap((service) => checkEndpoint(service, definition)),
  ];
}

type Eligible = ReadonlyMap<string, PlacementNode[]>;

/** Those of a service's constraints that the cluster file alone can tell the truth of. */
export function knowableConstraints(service: ServiceDefinition): string[] {
  return selectKnowableConstraints(service.spec.TaskTemplate.Placement?.Constraints);
}

function checkConstraints(
  service: ServiceDefinition,
  nodes: PlacementNode[],
  definition: StackDefinition,
): Problem[] {
  const constraints = knowableConstraints(service);
  if (constraints.length === 0 || findEligibleNodes(constraints, nodes).length > 0) return [];
  const impossible = constraints.filter((text) => findEligibleNodes([text], nodes).length === 0);
  const place = placeOf(service, definition, 'deploy', 'placement', 'constraints');
  if (impossible.length === 0)
    return [
      {
        ...place,
        code: 'constraint-unmet' satisfies RefusalCode,
        message: `no node of the cluster meets all of ${service.key}'s constraints: ${constraints.join(', ')}`,
        next: 'loosen one of them, or add a node to the cluster file that meets them all',
      },
    ];
  return impossible.map((text) => ({
    ...place,
    code: 'constraint-unmet' satisfies RefusalCode,
    message: `no node of the cluster meets ${service.key}'s constraint ${JSON.stringify(text)}`,
    next: suggestConstraint(text, nodes),
  }));
}

function suggestConstraint(text: string, nodes: PlacementNode[]): string {
  const idle = nodes.map((node) => ({ ...node, availability: 'active' as const }));
  const paused = findEligibleNodes([text], idle);
  if (paused.length > 0)
    return `${paused.map((node) => node.hostname).join(', ')} would, but its availability in the cluster file isn't active`;
  const [key = '', wanted = ''] = text.split(/==|!=/).map((part) => part.trim());
  const known = /^node\.hostname$/i.test(key)
    ? nodes.map((node) => node.hostname)
    : /^node\.ip$/i.test(key)
      ? nodes.map((node) => node.address ?? '')
      : /^node\.role$/i.test(key)
        ? ['manager', 'worker']
        : nodes.flatMap((node) => node.labels[key.slice('node.labels.'.length)] ?? []);
  const nearest = findNearestWord(wanted, known);
  // It is spelt right, and asks for what no node is.
  if (nearest === wanted) return 'loosen the constraint, or add a node to the cluster file that meets it';
  if (nearest !== undefined) return `did you mean ${JSON.stringify(nearest)}?`;
  if (/^node\.labels\./i.test(key))
    return `give a node of the cluster file the label: \`labels: {${key.slice('node.labels.'.length)}: ${wanted}}\``;
  return `nodes that can run services: ${nodes.map((node) => node.hostname).join(', ')}`;
}

/** Whether all replicas find a place. */
function checkRoom(
  service: ServiceDefinition,
  eligible: PlacementNode[],
  definition: StackDefinition,
): Problem[] {
  const replicas = service.spec.Mode?.Replicated?.Replicas ?? 1;
  const isReplicated =
    !service.spec.Mode?.Global && !service.spec.Mode?.GlobalJob && !service.spec.Mode?.ReplicatedJob;
  if (!isReplicated || eligible.length === 0) return [];
  const nodes = `${eligible.length === 1 ? 'one node' : `${eligible.length} nodes`} (${eligible.map((node) => node.hostname).join(', ')})`;
  const limit = service.spec.TaskTemplate.Placement?.MaxReplicas ?? 0;
  const problems: Problem[] = [];
  if (limit > 0 && replicas > limit * eligible.length)
    problems.push({
      ...placeOf(service, definition, 'deploy', 'placement', 'max_replicas_per_node'),
      code: 'too-many-replicas' satisfies RefusalCode,
      message: `${service.key} wants ${replicas} replicas, but at most ${limit} a node on ${nodes} makes ${limit * eligible.length}`,
      next: 'ask for fewer replicas, allow more a node, or loosen the placement',
    });
  const port = (service.spec.EndpointSpec?.Ports ?? []).find(isHostPort);
  if (port && replicas > eligible.length)
    problems.push({
      ...placeOf(service, definition, 'deploy', 'replicas'),
      code: 'too-many-replicas' satisfies RefusalCode,
      message: `${service.key} wants ${replicas} replicas with host port ${port.PublishedPort}, but may run on ${nodes}: each node has the port once`,
      next: `ask for at most ${eligible.length}, or publish the port with \`mode: ingress\``,
    });
  return problems;
}

/** A port that a service wants. */
export interface Publication {
  service: ServiceDefinition;
  port: PortConfig;
}

/** Two services that would want one port of one node. */
function checkPorts(definition: StackDefinition, eligible: Eligible): Problem[] {
  const publications: Publication[] = definition.services.flatMap((service) =>
    listPorts(service)
      .filter((port) => port.PublishedPort)
      .map((port) => ({ service, port })),
  );
  return publications.flatMap((first, index) =>
    publications
      .slice(index + 1)
      .flatMap((second) => comparePublications(first, second, eligible, definition)),
  );
}

/** Its ports; the second one of a service that is updated blue-green is as taken as the first. */
export function listPorts({ spec, blueGreen }: ServiceDefinition): PortConfig[] {
  const ports = spec.EndpointSpec?.Ports ?? [];
  if (!blueGreen) return ports;
  const second = ports
    .filter(({ PublishedPort }) => PublishedPort === blueGreen.blue)
    .map((port) => ({ ...port, PublishedPort: blueGreen.green }));
  return [...ports, ...second];
}

function comparePublications(
  first: Publication,
  second: Publication,
  eligible: Eligible,
  definition: StackDefinition,
): Problem[] {
  const samePort = first.port.PublishedPort === second.port.PublishedPort;
  const sameProtocol = (first.port.Protocol || 'tcp') === (second.port.Protocol || 'tcp');
  if (!samePort || !sameProtocol || first.service === second.service) return [];
  const place = placeOf(second.service, definition, 'ports');
  const both = `${first.service.key} and ${second.service.key} both publish port ${first.port.PublishedPort}`;
  if (!isHostPort(first.port) || !isHostPort(second.port))
    return [
      {
        ...place,
        code: 'host-port-conflict' satisfies RefusalCode,
        message: `${both}: a port of the ingress mesh is taken on every node`,
        next: 'give one of them another published port',
      },
    ];
  const names = new Set((eligible.get(first.service.key) ?? []).map((node) => node.hostname));
  const shared = (eligible.get(second.service.key) ?? []).filter((node) => names.has(node.hostname));
  if (shared.length === 0) return [];
  return [
    {
      ...place,
      code: 'host-port-conflict' satisfies RefusalCode,
      message: `${both} on the host, and both may run on ${shared.map((node) => node.hostname).join(', ')}`,
      next: 'give one of them another published port, or constraints that keep them on different nodes',
    },
  ];
}

function checkEndpoint(service: ServiceDefinition, definition: StackDefinition): Problem[] {
  const endpoint = service.spec.EndpointSpec ?? {};
  const port = (endpoint.Ports ?? []).find((candidate) => !isHostPort(candidate));
  if (endpoint.Mode !== 'dnsrr' || !port) return [];
  return [
    {
      ...placeOf(service, definition, 'ports'),
      code: 'ingress-without-vip' satisfies RefusalCode,
      message: `${service.key} has \`endpoint_mode: dnsrr\`, and port ${port.PublishedPort || port.TargetPort} through the ingress mesh needs a virtual address`,
      next: 'publish the port with `mode: host`, or take `endpoint_mode: dnsrr` away',
    },
  ];
}

/** Whether a port is taken on the node of the task alone. */
export function isHostPort(port: PortConfig): boolean {
  return port.PublishMode === 'host';
}

/** Where a part of a service is written. */
export function placeOf(service: ServiceDefinition, definition: StackDefinition, ...path: string[]) {
  const full = ['services', service.key, ...path];
  return { file: definition.file, ...definition.locate?.(full), path: full.join('.') };
}
