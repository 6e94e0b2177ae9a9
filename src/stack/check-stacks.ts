/** What several stacks of a cluster can't have at the same time. Pure. */
import { type Cluster, swarmNodes } from '../cluster/cluster.ts';
import { formatPlace, type Problem } from '../errors.ts';
import { isHostPort, knowableConstraints, listPorts, placeOf } from './check-stack.ts';
import type { ServiceDefinition, StackDefinition } from './definition.ts';
import type { PortConfig } from './engine-types.ts';
import type { RefusalCode } from './lint/lint.ts';
import { placeNetwork } from './order-stacks.ts';
import { findEligibleNodes, toPlacementNode } from './placement.ts';

interface Publication {
  definition: StackDefinition;
  service: ServiceDefinition;
  port: PortConfig;
  /** Where tasks may run, by host name. */
  nodes: string[];
}

/**
 * Every network and every port that two stacks want for themselves, with the places of both; told where at least one of
 * the two is among `wanted`.
 */
export function checkStacks(
  wanted: readonly StackDefinition[],
  others: readonly StackDefinition[],
  cluster: Cluster,
): Problem[] {
  const all = [...others, ...wanted];
  return all.flatMap((second, index) =>
    wanted.includes(second)
      ? all
          .slice(0, index)
          .flatMap((first) => [...compareNetworks(first, second), ...comparePorts(first, second, cluster)])
      : [],
  );
}

function compareNetworks(first: StackDefinition, second: StackDefinition): Problem[] {
  return second.networks.flatMap(({ key, spec }) => {
    const twin = first.networks.find((network) => network.spec.Name === spec.Name);
    if (!twin) return [];
    return [
      {
        ...placeNetwork(second, key),
        message: `the network ${spec.Name} is made by the stack ${first.name} already (${formatPlace(placeNetwork(first, twin.key))})`,
        next: 'say `external: true` in one of the two, or give them different names',
      },
    ];
  });
}

function comparePorts(first: StackDefinition, second: StackDefinition, cluster: Cluster): Problem[] {
  const taken = listPublications(first, cluster);
  return listPublications(second, cluster).flatMap((publication) =>
    taken.flatMap((one) => comparePublications(one, publication)),
  );
}

function listPublications(definition: StackDefinition, cluster: Cluster): Publication[] {
  const nodes = swarmNodes(cluster).map(toPlacementNode);
  return definition.services.flatMap((service) =>
    listPorts(service)
      .filter(({ PublishedPort }) => PublishedPort)
      .map((port) => ({
        definition,
        service,
        port,
        nodes: findEligibleNodes(knowableConstraints(service), nodes).map(({ hostname }) => hostname),
      })),
  );
}

function comparePublications(first: Publication, second: Publication): Problem[] {
  const protocolOf = ({ port }: Publication): string => port.Protocol || 'tcp';
  const isSame =
    first.port.PublishedPort === second.port.PublishedPort && protocolOf(first) === protocolOf(second);
  const isMesh = !isHostPort(first.port) || !isHostPort(second.port);
  const shared = second.nodes.filter((node) => first.nodes.includes(node));
  if (!isSame || (!isMesh && shared.length === 0)) return [];
  const there = formatPlace(placeOf(first.service, first.definition, 'ports'));
  const both = `${first.service.key} of the stack ${first.definition.name} (${there}) and ${second.service.key} both publish port ${second.port.PublishedPort}`;
  return [
    {
      ...placeOf(second.service, second.definition, 'ports'),
      code: 'host-port-conflict' satisfies RefusalCode,
      message: isMesh
        ? `${both}: a port of the ingress mesh is taken on every node`
        : `${both} on the host, and both may run on ${shared.join(', ')}`,
      next: isMesh
        ? 'give one of them another published port'
        : 'give one of them another published port, or constraints that keep them on different nodes',
    },
  ];
}
