/** Networks of the stack, and how its services are attached to them. */
import type { NamedObject } from '../definition.ts';
import type { NetworkCreate, ServiceSpec } from '../engine-types.ts';
import type { ComposeNetwork, ComposeService } from './compose-types.ts';
import { addStackLabel, type ConvertContext, compareText, omitEmpty, scopeName } from './convert-context.ts';
import { dropUndefined } from './decode-values.ts';

/** The network of services that name none. */
const defaultNetwork = 'default';

/** Networks every node has, which know neither aliases nor the swarm. */
const builtIn = new Set(['default', 'bridge', 'host', 'none']);

function isUserDefined(network: string): boolean {
  return !builtIn.has(network) && !network.startsWith('container:');
}

type Attachments = NonNullable<ServiceSpec['TaskTemplate']['Networks']>;

function listAttached(service: ComposeService): NonNullable<ComposeService['networks']> {
  const networks = service.networks ?? {};
  return Object.keys(networks).length > 0 ? networks : { [defaultNetwork]: null };
}

/** The networks at least one service uses: to create, and those that must exist. Others are ignored, as there. */
export function convertNetworks(context: ConvertContext): {
  networks: NamedObject<NetworkCreate>[];
  external: string[];
} {
  const { compose } = context;
  const used = new Set(
    Object.values(compose.services).flatMap((service) => Object.keys(listAttached(service))),
  );
  const networks: NamedObject<NetworkCreate>[] = [];
  const external: string[] = [];
  for (const key of [...used].sort(compareText)) {
    const network = Object.hasOwn(compose.networks, key) ? compose.networks[key] : undefined;
    if (!network && key !== defaultNetwork) continue;
    if (!network?.external) networks.push({ key, spec: convertNetwork(key, network, context) });
    else if (isUserDefined(network.name)) external.push(network.name);
  }
  return { networks, external: [...new Set(external)].sort(compareText) };
}

function convertNetwork(
  key: string,
  network: ComposeNetwork | undefined,
  context: ConvertContext,
): NetworkCreate {
  return {
    Name: network?.name || scopeName(context, key),
    Driver: network?.driver || 'overlay',
    Scope: '',
    Internal: network?.internal ?? false,
    Attachable: network?.attachable ?? false,
    Ingress: false,
    ConfigOnly: false,
    ConfigFrom: null,
    IPAM: convertIpam(network),
    Options: network?.driverOpts ? { ...network.driverOpts } : null,
    Labels: addStackLabel(context, network?.labels),
  };
}

function convertIpam(network: ComposeNetwork | undefined): Exclude<NetworkCreate['IPAM'], undefined> {
  const { driver = '', subnets = [] } = network?.ipam ?? {};
  if (driver === '' && subnets.length === 0) return null;
  const config = subnets.map((subnet) => (subnet === '' ? {} : { Subnet: subnet }));
  return { Driver: driver, Options: null, Config: config.length > 0 ? config : null };
}

/** A service answers to its own name in each of its networks, besides its aliases. */
export function convertAttachments(service: ComposeService, context: ConvertContext): Attachments {
  const attachments: Attachments = [];
  for (const [key, attached] of Object.entries(listAttached(service))) {
    const network = Object.hasOwn(context.compose.networks, key) ? context.compose.networks[key] : undefined;
    if (!network && key !== defaultNetwork) {
      const at = ['services', service.name, 'networks', key];
      context.report.problem(
        at,
        `the network ${JSON.stringify(key)} is not defined`,
        'define it under the top-level networks:',
      );
      continue;
    }
    const target = network?.name || scopeName(context, key);
    const aliases = [...(attached?.aliases ?? []), ...(isUserDefined(target) ? [service.name] : [])];
    attachments.push(
      dropUndefined({
        Target: target,
        ...omitEmpty({ Aliases: aliases }),
        DriverOpts:
          attached?.driverOpts && Object.keys(attached.driverOpts).length > 0
            ? { ...attached.driverOpts }
            : undefined,
      }) as Attachments[number],
    );
  }
  return attachments.sort((a, b) => compareText(a.Target, b.Target));
}
