/** What would make the stack as the compose file says. Pure: no I/O, no clock. */
import { InputError } from '../errors.ts';
import type { Change, FieldChange, LayerPlan } from '../plan/change.ts';
import type { EarlierPlans } from '../plan/layer.ts';
import type { StackAction } from './action.ts';
import type { StackDefinition } from './definition.ts';
import { diffNetworks } from './diff.ts';
import { stackNamespaceLabel } from './engine-types.ts';
import { warnOfUnknownDigests } from './image-digests.ts';
import { lintImages } from './lint/lint-images.ts';
import { listNeighbours, nameNeighbours } from './neighbours.ts';
import type { StackObserved } from './observed.ts';
import { placeNetwork } from './order-stacks.ts';
import { planStrayObjects } from './plan-removal.ts';
import { planServices, stackLayer } from './plan-services.ts';
import {
  type FileObject,
  fileFingerprintLabel,
  fileVersionLabel,
  fileVersionOfLabel,
  resolveReferences,
} from './resolve-references.ts';
import { warnOfMissingIpvs } from './warn-of-ipvs.ts';

type StackChange = Change<StackAction>;

/**
 * Plans a stack: networks, configs and secrets first, then services.
 *
 * @throws InputError naming every external object that is nowhere, and every name that belongs to someone else.
 */
export function planStack(
  definition: StackDefinition,
  observed: StackObserved,
  earlier: EarlierPlans,
): LayerPlan<StackAction> {
  const references = resolveReferences(definition, observed, earlier);
  const networks = planNetworks(definition, observed);
  const problems = [...networks.problems, ...references.problems];
  if (problems.length > 0) throw new InputError(problems);

  const configs = planFileObjects('config', references.configs, definition);
  const secrets = planFileObjects('secret', references.secrets, definition);
  const foundations = [...networks.changes, ...configs, ...secrets];
  const services = planServices({
    definition,
    observed,
    networks: readNetworkNames(observed),
    names: references.names,
    uprooted: networks.uprooted,
    foundations: foundations.map((change) => change.id),
  });
  const removals = planStrayObjects(
    definition,
    observed,
    services.changes.map((change) => change.id),
  );
  const ofImages = lintImages(definition, readExposedPorts(earlier));
  const lints = [...(definition.lints ?? []), ...ofImages.map(({ lint }) => lint)];
  const total = definition.networks.length + definition.configs.length + definition.secrets.length;
  return {
    layer: stackLayer,
    changes: [...foundations, ...services.changes, ...removals],
    unchanged: services.unchanged + total - foundations.length,
    ...(lints.length > 0 && { lints }),
    warnings: [
      ...warnOfStack(definition, earlier),
      ...ofImages.map(({ text }) => text),
      ...references.warnings,
      ...warnOfUnknownDigests(observed.images),
      ...services.warnings,
    ],
  };
}

/** What can be said against a stack that is allowed nevertheless, whether or not there is a swarm yet. */
export function warnOfStack(definition: StackDefinition, earlier: EarlierPlans): string[] {
  return [
    ...definition.warnings,
    ...warnOfMissingIpvs(definition, earlier.get('hosts')?.nodesWithoutIpvs ?? []),
  ];
}

/** What the images of all stacks expose: one layer of images tells of each. */
function readExposedPorts(earlier: EarlierPlans): Record<string, number[]> {
  return Object.assign({}, ...[...earlier.values()].map(({ exposedPorts }) => exposedPorts));
}

/** Names of networks by id and by name. */
export function readNetworkNames(observed: Pick<StackObserved, 'networks'>): Map<string, string> {
  return new Map(
    observed.networks.flatMap((network) => [
      [network.Name, network.Name] as const,
      [network.Id, network.Name] as const,
    ]),
  );
}

function planNetworks(definition: StackDefinition, observed: StackObserved) {
  const changes: StackChange[] = [];
  const problems = [];
  const uprooted = new Map<string, string>();
  for (const { key, spec } of definition.networks) {
    const base = {
      id: `network/${spec.Name}`,
      layer: stackLayer,
      object: { type: 'network', name: spec.Name },
      after: [] as string[],
    };
    const existing = observed.networks.find((network) => network.Name === spec.Name);
    if (!existing) {
      changes.push({
        ...base,
        kind: 'create',
        title: `create network ${spec.Name}`,
        fields: spec.Driver && spec.Driver !== 'overlay' ? [{ path: 'driver', after: spec.Driver }] : [],
        undo: 'the network is removed',
        action: { do: 'create-network', network: key },
      });
      continue;
    }
    if (existing.Labels?.[stackNamespaceLabel] !== definition.name) {
      problems.push({
        ...placeNetwork(definition, key),
        message: `the network ${spec.Name} exists already and isn't the stack's`,
        next: 'say `external: true` to use it, or give yours another name',
      });
      continue;
    }
    const fields = diffNetworks(existing, spec);
    if (fields.length === 0) continue;
    const neighbours = listNeighbours(existing, observed);
    if (neighbours.length > 0) {
      problems.push({
        ...placeNetwork(definition, key),
        message: `the network ${spec.Name} can't be made anew (${fields.map(({ path }) => path).join(', ')}): ${nameNeighbours(neighbours)} uses it`,
        next: 'take that stack away first (kawanan down), or give the new network another name',
      });
      continue;
    }
    const users = observed.services.filter((service) =>
      service.Spec.TaskTemplate.Networks?.some(
        ({ Target }) => Target === existing.Id || Target === spec.Name,
      ),
    );
    for (const user of users) uprooted.set(user.Spec.Name, spec.Name);
    changes.push({
      ...base,
      kind: 'replace',
      title: `make network ${spec.Name} anew`,
      fields,
      ...(users.length > 0 && {
        interrupts: `a network can't be changed: ${users.map((user) => user.Spec.Name).join(', ')} stop until it is made anew`,
      }),
      action: {
        do: 'replace-network',
        network: key,
        id: existing.Id,
        serviceIds: users.map((user) => user.ID),
      },
    });
  }
  return { changes, problems, uprooted };
}

function planFileObjects(
  type: 'config' | 'secret',
  objects: FileObject[],
  definition: StackDefinition,
): StackChange[] {
  const specs = type === 'config' ? definition.configs : definition.secrets;
  return objects.flatMap((object): StackChange[] => {
    const { key, name, objectName, observed, changed } = object;
    const base = {
      id: `${type}/${name}`,
      layer: stackLayer,
      object: { type, name: objectName },
      after: [],
    };
    if (!observed)
      return [
        {
          ...base,
          kind: 'create',
          title: `create ${type} ${objectName}`,
          fields: changed
            ? [{ path: 'content', before: `an older version of ${name}`, after: objectName }]
            : [],
          undo: 'older versions are kept',
          action:
            type === 'config'
              ? { do: 'create-config', config: key, objectName }
              : { do: 'create-secret', secret: key, objectName },
        },
      ];
    const wanted = specs.find((spec) => spec.key === key)?.spec.Labels ?? {};
    const fields = diffLabels(observed.Spec.Labels ?? {}, wanted);
    if (fields.length === 0) return [];
    return [
      {
        ...base,
        kind: 'update',
        title: `update the labels of ${type} ${objectName}`,
        fields,
        action: { do: 'update-labels', type, key, id: observed.ID },
      },
    ];
  });
}

/** Our own labels on an object are no part of what the compose file wants. */
const ownLabels = new Set([fileVersionOfLabel, fileVersionLabel, fileFingerprintLabel]);

function diffLabels(observed: Record<string, string>, wanted: Record<string, string>): FieldChange[] {
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(observed)])].filter(
    (name) => !ownLabels.has(name),
  );
  return names
    .filter((name) => observed[name] !== wanted[name])
    .map((name) => ({
      path: `labels.${name}`,
      ...(observed[name] !== undefined && { before: observed[name] }),
      ...(wanted[name] !== undefined && { after: wanted[name] }),
    }));
}
