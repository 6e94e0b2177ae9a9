/** What takes a stack away, and what takes away the parts of it that the compose file names no longer. Pure. */
import { monitoringStack } from '../cluster/cluster.ts';
import { UserError } from '../errors.ts';
import type { Change, LayerPlan } from '../plan/change.ts';
import type { RemovalOptions } from '../plan/layer.ts';
import type { StackAction } from './action.ts';
import type { StackDefinition } from './definition.ts';
import { stackNamespaceLabel } from './engine-types.ts';
import { listNeighbours, nameNeighbours } from './neighbours.ts';
import type { NeighbourService, ObservedNetwork, StackObserved } from './observed.ts';
import { planServiceRemoval, stackLayer } from './plan-services.ts';
import { fileVersionOfLabel, secretLabel } from './resolve-references.ts';
import { listRevisionConfigs } from './revision.ts';

type StackChange = Change<StackAction>;

/**
 * Plans to remove everything that carries the stack's label. Secrets of the secrets file are that layer's; volumes go
 * only when asked, and are named otherwise; revisions go where the swarm stays.
 *
 * @throws UserError where the swarm stays and something that stays in it uses one of the stack's networks.
 */
export function planStackRemoval(
  stackName: string,
  observed: StackObserved,
  options: RemovalOptions,
): LayerPlan<StackAction> {
  const kept = options.stacks ? [] : listUsedNetworks(stackName, observed, []);
  if (options.stacks) refuseUsedNetworks(stackName, observed, options.stacks);
  const services = observed.services.map(planServiceRemoval);
  const after = services.map((change) => change.id);
  const objects = listOwnObjects(stackName, observed)
    .filter(({ id }) => !kept.some(({ network }) => network.Id === id))
    .map((object) => planObjectRemoval(object, after));
  const revisions = options.stacks ? planRevisionsRemoval(stackName, observed) : [];
  const leftovers = (observed.leftovers ?? []).filter(({ volumes }) => volumes.length > 0);
  const warnings = (observed.leftovers ?? [])
    .filter(({ unreachable }) => unreachable !== undefined)
    .map(({ node }) => `${node} doesn't answer: volumes of ${stackName} that are there stay`);
  if (!options.volumes) {
    const ofMonitoring = stackName === monitoringStack ? ', or no `--keep-history`,' : '';
    for (const { node, volumes } of leftovers)
      warnings.push(
        `volumes stay on ${node}: ${volumes.join(', ')} (\`--volumes\`${ofMonitoring} removes them and their data)`,
      );
  }
  const volumes = options.volumes
    ? leftovers.map((leftover) => planVolumeRemoval(leftover.node, leftover.volumes, after))
    : [];
  for (const { network, users } of kept)
    warnings.push(`the network ${network.Name} goes with the swarm: ${nameNeighbours(users)} uses it`);
  const changes = [...revisions, ...services, ...objects, ...volumes];
  return { layer: stackLayer, changes, unchanged: 0, warnings };
}

interface UsedNetwork {
  network: ObservedNetwork;
  users: NeighbourService[];
}

/** The stack's networks that services of others use, but for those of the stacks named. */
function listUsedNetworks(
  stackName: string,
  observed: StackObserved,
  going: readonly string[],
): UsedNetwork[] {
  return observed.networks
    .filter(({ Labels }) => Labels?.[stackNamespaceLabel] === stackName)
    .map((network) => ({ network, users: listNeighbours(network, observed, going) }))
    .filter(({ users }) => users.length > 0);
}

function refuseUsedNetworks(stackName: string, observed: StackObserved, going: readonly string[]): void {
  const used = listUsedNetworks(stackName, observed, going);
  if (used.length === 0) return;
  const stacks = new Set(used.flatMap(({ users }) => users.flatMap(({ stack }) => stack ?? [])));
  const all = used.flatMap(({ users }) => users).every(({ stack }) => stack !== undefined);
  throw new UserError(`nothing was changed: ${stackName} makes a network that others use`, {
    details: used.map(({ network, users }) => `${network.Name}: ${nameNeighbours(users)}`),
    next: all
      ? `take them away too: kawanan down ${[...going, ...stacks].join(' ')}`
      : 'take those services off it first: docker service update --network-rm',
  });
}

/** Without them the stack was never deployed, and nothing of it is served any longer. */
function planRevisionsRemoval(stackName: string, { configs }: StackObserved): StackChange[] {
  const ids = listRevisionConfigs(stackName, configs);
  if (ids.length === 0) return [];
  return [
    {
      id: 'revisions',
      layer: stackLayer,
      kind: 'remove',
      object: { type: 'revisions', name: stackName },
      title: `forget the revisions of ${stackName}`,
      fields: [],
      after: [],
      action: { do: 'remove-revisions', ids },
    },
  ];
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

/**
 * What carries the stack's label and isn't in the compose file any more; older versions of what is stay, and so does a
 * network that another stack uses.
 */
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
  const used = listUsedNetworks(definition.name, observed, []);
  return listOwnObjects(definition.name, observed)
    .filter(({ id }) => !used.some(({ network }) => network.Id === id))
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
