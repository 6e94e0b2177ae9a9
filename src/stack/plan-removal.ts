/** What takes a stack away, and what takes away the parts of it that the compose file names no longer. Pure. */
import type { Change, LayerPlan } from '../plan/change.ts';
import type { StackAction } from './action.ts';
import type { StackDefinition } from './definition.ts';
import { stackNamespaceLabel } from './engine-types.ts';
import type { StackObserved } from './observed.ts';
import { planServiceRemoval, stackLayer } from './plan-services.ts';
import { fileVersionOfLabel, secretLabel } from './resolve-references.ts';

type StackChange = Change<StackAction>;

/**
 * Plans to remove everything that carries the stack's label. Secrets of the secrets file are that layer's; volumes go
 * only when asked, and are named otherwise.
 */
export function planStackRemoval(
  stackName: string,
  observed: StackObserved,
  options: { volumes: boolean },
): LayerPlan<StackAction> {
  const services = observed.services.map(planServiceRemoval);
  const after = services.map((change) => change.id);
  const objects = listOwnObjects(stackName, observed).map((object) => planObjectRemoval(object, after));
  const leftovers = (observed.leftovers ?? []).filter(({ volumes }) => volumes.length > 0);
  const warnings = (observed.leftovers ?? [])
    .filter(({ unreachable }) => unreachable !== undefined)
    .map(({ node }) => `${node} doesn't answer: volumes of ${stackName} that are there stay`);
  if (!options.volumes) {
    for (const { node, volumes } of leftovers)
      warnings.push(
        `volumes stay on ${node}: ${volumes.join(', ')} (\`--volumes\` removes them and their data)`,
      );
  }
  const volumes = options.volumes
    ? leftovers.map((leftover) => planVolumeRemoval(leftover.node, leftover.volumes, after))
    : [];
  return { layer: stackLayer, changes: [...services, ...objects, ...volumes], unchanged: 0, warnings };
}

interface OwnObject {
  type: 'network' | 'config' | 'secret';
  id: string;
  name: string;
  /** What the compose file calls it: a later version has the name of the first. */
  wantedAs: string;
}

function listOwnObjects(stackName: string, observed: StackObserved): OwnObject[] {
  const isOwn = (labels: Record<string, string> = {}): boolean =>
    labels[stackNamespaceLabel] === stackName && labels[secretLabel] === undefined;
  const networks = observed.networks
    .filter((network) => isOwn(network.Labels))
    .map((network) => ({
      type: 'network' as const,
      id: network.Id,
      name: network.Name,
      wantedAs: network.Name,
    }));
  const files = (['config', 'secret'] as const).flatMap((type) =>
    (type === 'config' ? observed.configs : observed.secrets)
      .filter(({ Spec }) => isOwn(Spec.Labels))
      .map(({ ID, Spec }) => ({
        type,
        id: ID,
        name: Spec.Name,
        wantedAs: Spec.Labels?.[fileVersionOfLabel] ?? Spec.Name,
      })),
  );
  return [...networks, ...files];
}

/** What carries the stack's label and isn't in the compose file any more; older versions of what is stay. */
export function planStrayObjects(
  definition: StackDefinition,
  observed: StackObserved,
  after: string[],
): StackChange[] {
  const wanted = new Set([
    ...definition.networks.map(({ spec }) => `network/${spec.Name}`),
    ...definition.configs.map(({ spec }) => `config/${spec.Name}`),
    ...definition.secrets.map(({ spec }) => `secret/${spec.Name}`),
    ...Object.keys(definition.pinned?.configs ?? {}).map((name) => `config/${name}`),
    ...Object.keys(definition.pinned?.secrets ?? {}).map((name) => `secret/${name}`),
  ]);
  return listOwnObjects(definition.name, observed)
    .filter(({ type, wantedAs }) => !wanted.has(`${type}/${wantedAs}`))
    .map((object) => planObjectRemoval(object, after));
}

function planObjectRemoval({ type, id, name }: OwnObject, after: string[]): StackChange {
  return {
    id: `remove ${type}/${name}`,
    layer: stackLayer,
    kind: 'remove',
    object: { type, name },
    title: `remove ${type} ${name}`,
    fields: [],
    after: [...after],
    action: { do: `remove-${type}`, id, name },
  };
}

function planVolumeRemoval(node: string, volumes: string[], after: string[]): StackChange {
  return {
    id: `volumes/${node}`,
    layer: stackLayer,
    kind: 'remove',
    object: { type: 'volume', name: volumes.join(', '), host: node },
    title: `remove ${volumes.length === 1 ? 'volume' : 'volumes'} ${volumes.join(', ')}`,
    fields: [],
    interrupts: 'the data in them is lost',
    after: [...after],
    action: { do: 'remove-volumes', node, volumes },
  };
}
