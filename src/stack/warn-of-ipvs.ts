/** What a kernel without IPVS takes from a stack. Pure. */
import type { StackDefinition } from './definition.ts';
import type { ServiceSpec } from './engine-types.ts';

/**
 * A warning for each of the two things that such nodes lack, where the stack uses it: the ingress mesh, which comes in
 * on every node, and virtual service addresses, which tasks on any node may call.
 *
 * @param nodes names of the swarm nodes whose kernel has no IPVS.
 */
export function warnOfMissingIpvs(definition: StackDefinition, nodes: string[]): string[] {
  if (nodes.length === 0) return [];
  const listUsers = (uses: (spec: ServiceSpec) => boolean): string[] =>
    definition.services.filter(({ spec }) => uses(spec)).map(({ key }) => key);
  const meshed = listUsers((spec) =>
    (spec.EndpointSpec?.Ports ?? []).some(({ PublishMode }) => PublishMode !== 'host'),
  );
  const addressed = listUsers(hasVirtualAddress);
  const kernels = `the kernel of ${nodes.join(', ')} has no IPVS`;
  return [
    ...(meshed.length > 0
      ? [
          `${meshed.join(', ')}: ${kernels}, so ports of the ingress mesh answer nothing there; publish them with \`mode: host\`, or boot a kernel with the module ip_vs there`,
        ]
      : []),
    ...(addressed.length > 0
      ? [
          `${addressed.join(', ')}: ${kernels}, so tasks there can't call them by name; say \`endpoint_mode: dnsrr\`, which goes with ports of \`mode: host\` only, or boot a kernel with the module ip_vs there`,
        ]
      : []),
  ];
}

/** The engine gives one to every service on an overlay network, unless told otherwise. */
function hasVirtualAddress({ EndpointSpec, TaskTemplate }: ServiceSpec): boolean {
  const networks = (TaskTemplate.Networks ?? []).filter(({ Target }) => !['host', 'none'].includes(Target));
  return EndpointSpec?.Mode !== 'dnsrr' && networks.length > 0;
}
