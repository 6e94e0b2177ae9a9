/**
 * What the engine refuses although the compose format allows it: found here, before networks and secrets of a deploy
 * that can't succeed are made. Source: swarmkit, `manager/controlapi` (service, network, secret and config checks).
 */
import { isIP } from 'node:net';
import type { NamedObject, ServiceDefinition, StackDefinition } from './definition.ts';
import type { ConfigSpec, NetworkCreate } from './engine-types.ts';

export interface EngineRefusal {
  /** Path inside the compose file. */
  path: (string | number)[];
  message: string;
  next: string;
}

/** Bytes; the engine takes less. */
export const largestBytes = { secrets: 500 * 1024, configs: 1000 * 1024 };
const longestName = 63;

/** What the engine is sure to refuse about single objects; `check-stack.ts` looks at services side by side. */
export function findEngineRefusals(stack: StackDefinition): EngineRefusal[] {
  return [
    ...stack.services.flatMap((service) => [
      ...checkServiceName(service),
      ...checkMountTargets(service),
      ...checkDuplicatePorts(service),
    ]),
    ...stack.networks.flatMap(checkSubnets),
    ...stack.secrets.flatMap((secret) => (secret.spec.Driver ? [] : checkContent('secrets', secret))),
    ...stack.configs.flatMap((config) => checkContent('configs', config)),
  ];
}

function checkServiceName({ key, spec }: ServiceDefinition): EngineRefusal[] {
  const path = ['services', key];
  if (spec.Name.length > longestName)
    return [
      {
        path,
        message: `the name ${spec.Name} is longer than ${longestName} letters`,
        next: 'shorten the name of the service or of the stack',
      },
    ];
  if (/^[a-zA-Z0-9](?:[-_a-zA-Z0-9]*[a-zA-Z0-9])?$/.test(spec.Name)) return [];
  return [
    {
      path,
      message: `${spec.Name} can't be the name of a service: it must be usable as a DNS name`,
      next: 'use letters, digits, "-" and "_", in the name of the stack too',
    },
  ];
}

function checkMountTargets({ key, spec }: ServiceDefinition): EngineRefusal[] {
  const seen = new Set<string>();
  return (spec.TaskTemplate.ContainerSpec.Mounts ?? []).flatMap(({ Target }, index) => {
    const twice = seen.has(Target);
    seen.add(Target);
    if (!twice) return [];
    const message = `two mounts have the target ${Target}`;
    return [{ path: ['services', key, 'volumes', index], message, next: 'remove one of the two' }];
  });
}

function checkDuplicatePorts({ key, spec }: ServiceDefinition): EngineRefusal[] {
  const seen = new Set<string>();
  return (spec.EndpointSpec?.Ports ?? []).flatMap(({ PublishedPort, Protocol = 'tcp' }) => {
    const port = `${PublishedPort}/${Protocol}`;
    const twice = PublishedPort !== undefined && seen.has(port);
    seen.add(port);
    if (!twice) return [];
    const message = `the port ${port} is published twice`;
    return [{ path: ['services', key, 'ports'], message, next: 'remove one of the two' }];
  });
}

function checkSubnets({ key, spec }: NamedObject<NetworkCreate>): EngineRefusal[] {
  return (spec.IPAM?.Config ?? []).flatMap(({ Subnet = '' }, index) => {
    if (Subnet === '' || isSubnet(Subnet)) return [];
    const path = ['networks', key, 'ipam', 'config', index, 'subnet'];
    return [{ path, message: `${JSON.stringify(Subnet)} is not a subnet`, next: 'write it as 10.1.0.0/16' }];
  });
}

function isSubnet(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/');
  const family = isIP(address);
  if (rest.length > 0 || family === 0 || !/^\d{1,3}$/.test(bits)) return false;
  return Number(bits) <= (family === 4 ? 32 : 128);
}

function checkContent(
  section: 'secrets' | 'configs',
  { key, spec }: NamedObject<ConfigSpec>,
): EngineRefusal[] {
  const bytes = Buffer.byteLength(spec.Data ?? '', 'base64');
  const path = [section, key, 'file'];
  if (bytes === 0)
    return [{ path, message: 'the file is empty', next: 'the engine wants at least one byte' }];
  if (bytes < largestBytes[section]) return [];
  const message = `the file has ${bytes} bytes; the engine takes less than ${largestBytes[section]}`;
  return [{ path, message, next: 'put what is large into the image or a volume' }];
}
