/** What differs between two service specs, two networks, two sets of fields. Pure. */
import type { FieldChange } from '../plan/change.ts';
import type { NetworkCreate, ServiceSpec } from './engine-types.ts';
import type { ObservedNetwork } from './observed.ts';
import {
  dropEmpty,
  type Fields,
  type NetworkNames,
  readServiceFields,
  stableJson,
  withoutDigest,
} from './service-fields.ts';

/** What differs between the service as it is and as it should be; empty when the engine has nothing to do. */
export function diffServices(
  observed: ServiceSpec,
  desired: ServiceSpec,
  networks: NetworkNames,
): FieldChange[] {
  return diffFields(
    readServiceFields(dropUnaskedDigest(observed, desired), networks),
    readServiceFields(desired, networks),
  );
}

/** Every field that differs, in the order of the wanted ones, then those that go. */
function diffFields(before: Fields, after: Fields): FieldChange[] {
  const changes: FieldChange[] = [];
  for (const [path, { value, shown, hidden }] of after) {
    const old = before.get(path);
    if (!old) changes.push({ path, after: shown });
    else if (old.value !== value) {
      // Two values may differ only in what is hidden; a change that shows no difference would look like a defect.
      const same = hidden || old.shown === shown;
      changes.push({ path, before: old.shown, after: same ? `${shown}, changed` : shown });
    }
  }
  for (const [path, { shown }] of before) if (!after.has(path)) changes.push({ path, before: shown });
  return changes;
}

/** The fields of a new service, as a person wants to see them: what is told, not what is assumed. */
export function describeNewService(spec: ServiceSpec, networks: NetworkNames): FieldChange[] {
  const assumed = readServiceFields(
    { Name: spec.Name, TaskTemplate: { ContainerSpec: { Image: '' } } },
    networks,
  );
  const always = new Set(['image', 'replicas', 'mode']);
  return [...readServiceFields(spec, networks)]
    .filter(([path, { value }]) => always.has(path) || assumed.get(path)?.value !== value)
    .filter(([path, { value }]) => !(path === 'mode' && value === 'replicated'))
    .filter(([path]) => !path.endsWith('labels.com.docker.stack.namespace'))
    .map(([path, { shown }]) => ({ path, after: shown }));
}

/** What differs between two networks and can't be changed in place. Labels don't count: see docs/stack.md. */
export function diffNetworks(observed: ObservedNetwork, desired: NetworkCreate): FieldChange[] {
  return diffFields(readNetworkFields(observed, desired), readNetworkFields(desired, desired));
}

function readNetworkFields(network: NetworkCreate, desired: NetworkCreate): Fields {
  const fields: Fields = new Map();
  const add = (path: string, value: string): void => void fields.set(path, { value, shown: value });
  add('driver', network.Driver || 'overlay');
  add('internal', String(network.Internal ?? false));
  add('attachable', String(network.Attachable ?? false));
  // What the engine chose by itself is no difference: the subnet and the VXLAN number.
  for (const [name, value] of Object.entries(network.Options ?? {})) {
    if (name !== 'com.docker.network.driver.overlay.vxlanid_list' || desired.Options?.[name] !== undefined)
      add(`options.${name}`, value);
  }
  if (desired.EnableIPv6 !== undefined) add('ipv6', String(network.EnableIPv6 ?? false));
  if (desired.IPAM?.Driver) add('ipam.driver', network.IPAM?.Driver ?? 'default');
  if ((desired.IPAM?.Config ?? []).length > 0) {
    const configs = (network.IPAM?.Config ?? []).map((config, index) => {
      const wanted = desired.IPAM!.Config![index] ?? {};
      return {
        Subnet: config.Subnet,
        Gateway: wanted.Gateway ? config.Gateway : undefined,
        IPRange: wanted.IPRange ? config.IPRange : undefined,
      };
    });
    add('ipam.config', configs.map((config) => stableJson(dropEmpty(config) ?? {})).join(', '));
  }
  return fields;
}

/** A digest that nobody wrote into the compose file is what a registry answered for the same tag: no difference. */
function dropUnaskedDigest(observed: ServiceSpec, desired: ServiceSpec): ServiceSpec {
  if (desired.TaskTemplate.ContainerSpec.Image.includes('@')) return observed;
  const container = observed.TaskTemplate.ContainerSpec;
  return {
    ...observed,
    TaskTemplate: {
      ...observed.TaskTemplate,
      ContainerSpec: { ...container, Image: withoutDigest(container.Image) },
    },
  };
}
