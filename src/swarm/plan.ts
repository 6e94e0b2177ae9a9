/** What the swarm still needs to be as the cluster file says; pure. */
import type { Cluster, ClusterNode } from '../cluster/cluster.ts';
import { listVirtualAddresses, swarmNodes } from '../cluster/cluster.ts';
import { UserError } from '../errors.ts';
import { type FieldChange, type LayerPlan, unknownPlan } from '../plan/change.ts';
import type { MemberSettings, SwarmAction, SwarmChange } from './action.ts';
import { pickAddressPool } from './address-pool.ts';
import { describeDrainedBy, readDrainedBy } from './drained-by.ts';
import { mergeLabels, ownLabelsKey } from './node-labels.ts';
import { countManagers, hasQuorum } from './quorum.ts';
import { chooseView, findStanding, isSameMachine } from './recognise.ts';
import {
  checkReachable,
  refuseForeign,
  refuseLocked,
  refuseLostQuorum,
  type Seen,
  type SwarmPlanOptions,
} from './refuse.ts';
import type { MemberState, SwarmObserved } from './swarm-state.ts';

/**
 * The changes that bring every node into one swarm with its role, labels and availability.
 * Managers join one after the other, then workers side by side; promotions come before demotions.
 *
 * @throws `InputError` for nodes in another swarm without `takeOver`; `UserError` when the quorum is lost or a
 *   demotion would lose it; the connection's own error for a node that couldn't be reached.
 */
export function planSwarm(
  cluster: Cluster,
  observed: SwarmObserved,
  options: SwarmPlanOptions = {},
): LayerPlan<SwarmAction> {
  const nodes = swarmNodes(cluster);
  const unreachable = checkReachable(nodes, observed, options);
  const absent = Object.values(observed.engines).find((engine) => engine.kind === 'absent');
  if (absent?.kind === 'absent') return unknownPlan('swarm', absent.reason);

  const view = chooseView(cluster, observed);
  const seen = nodes.flatMap((node): Seen[] => {
    const engine = observed.engines[node.name];
    if (engine?.kind !== 'engine') return [];
    return [{ node, engine, standing: findStanding(engine, view, cluster) }];
  });
  refuseLocked(seen);
  if (!view) refuseLostQuorum(seen, options);
  refuseForeign(seen, options);

  const members = view?.members ?? [];
  const twins = planTwins(seen, members);
  const joins = planJoins(seen, view !== undefined, twins, pickAddressPool(allAddresses(cluster)));
  const updates = planUpdates(seen, members, twins, joins);
  // A manager's twin goes before its machine joins again; a worker's afterwards.
  const workerTwins = twins.filter(({ action }) => action.type === 'remove-twin' && !action.demoteFirst);
  for (const twin of workerTwins) {
    const { node } = twin.action;
    twin.after.push(...joins.filter(({ action }) => action.node === node).map(({ id }) => id));
  }
  return {
    layer: 'swarm',
    changes: [...twins, ...joins, ...updates],
    unchanged: seen.length - joins.length - updates.length,
    warnings: [
      ...unreachable.map((name) => `${name} can't be reached and is left as it is`),
      ...warnOfMembers(nodes, seen, members, twins),
    ],
  };
}

function settingsOf({ role, availability, labels }: ClusterNode): MemberSettings {
  return { role: role === 'manager' ? 'manager' : 'worker', availability, labels };
}

/** Listed nodes that bear a machine's name and address but aren't the node that the machine is now. */
function planTwins(seen: Seen[], members: MemberState[]): SwarmChange[] {
  return seen.flatMap(({ node, standing }) => {
    const own = standing.kind === 'member' ? standing.member.id : undefined;
    return members
      .filter((member) => member.id !== own && isSameMachine(member, node))
      .map((member): SwarmChange => {
        const demoteFirst = member.role === 'manager';
        return {
          id: `twin/${node.name}/${member.id}`,
          layer: 'swarm',
          kind: 'remove',
          object: { type: 'node', name: member.id, host: node.name },
          title: `remove the dead twin of ${node.name} from the swarm`,
          fields: [{ path: 'status', before: member.status }],
          after: [],
          action: { type: 'remove-twin', node: node.name, nodeId: member.id, demoteFirst },
        };
      });
  });
}

function allAddresses(cluster: Cluster): string[] {
  return [...cluster.nodes, ...listVirtualAddresses(cluster)].map(({ address }) => address);
}

function planJoins(
  seen: Seen[],
  exists: boolean,
  twins: SwarmChange[],
  addressPool: string | undefined,
): SwarmChange[] {
  const joining = seen
    .filter(({ standing }) => standing.kind !== 'member')
    .toSorted((a, b) => Number(b.node.role === 'manager') - Number(a.node.role === 'manager'));
  const changes: SwarmChange[] = [];
  for (const [index, { node, standing }] of joining.entries()) {
    const init = !exists && index === 0;
    if (init && node.role !== 'manager') return [];
    const settings = settingsOf(node);
    const managersBefore = changes.filter(
      ({ action }) => 'settings' in action && action.settings.role === 'manager',
    );
    const ownTwins = twins.filter(({ action }) => action.node === node.name && node.role === 'manager');
    changes.push({
      id: init ? `init/${node.name}` : `join/${node.name}`,
      layer: 'swarm',
      kind: 'create',
      object: { type: 'node', name: node.name, host: node.name },
      title: init ? 'make a new swarm' : `join as ${settings.role}`,
      fields: [
        ...(standing.kind === 'foreign' ? [{ path: 'swarm', before: 'another', after: 'this one' }] : []),
        { path: 'role', after: settings.role },
        ...(init && addressPool ? [{ path: 'networks from', after: addressPool }] : []),
        ...compareAvailability('active', settings),
        ...compareLabels({}, mergeLabels({}, settings.labels)),
      ],
      ...(standing.kind === 'foreign'
        ? { interrupts: `all that its other swarm runs on ${node.name} ends` }
        : {}),
      undo: '`kawanan down` takes it out',
      // Managers one after the other, workers side by side once all managers are in.
      after: [...ownTwins, ...managersBefore.slice(-1)].map(({ id }) => id),
      action: {
        type: init ? 'init' : 'join',
        node: node.name,
        leaveFirst: standing.kind !== 'outside',
        settings,
        ...(init && addressPool ? { addressPool } : {}),
      },
    });
  }
  return changes;
}

function planUpdates(
  seen: Seen[],
  members: MemberState[],
  twins: SwarmChange[],
  joins: SwarmChange[],
): SwarmChange[] {
  const changes = seen.flatMap(({ node, standing }): SwarmChange[] => {
    if (standing.kind !== 'member') return [];
    const { member } = standing;
    // What a person drained, a plan doesn't take back.
    const held = readDrainedBy(member) !== undefined;
    const settings = { ...settingsOf(node), ...(held && { availability: 'drain' as const }) };
    const fields: FieldChange[] = [
      ...(member.role === settings.role ? [] : [{ path: 'role', before: member.role, after: settings.role }]),
      ...compareAvailability(member.availability, settings),
      ...compareLabels(member.labels, mergeLabels(member.labels, settings.labels)),
    ];
    if (fields.length === 0) return [];
    const drains = settings.availability === 'drain' && member.availability !== 'drain';
    return [
      {
        id: `update/${node.name}`,
        layer: 'swarm',
        kind: 'update',
        object: { type: 'node', name: node.name, host: node.name },
        title: `set ${[...new Set(fields.map(({ path }) => path.split('.')[0]!))].join(', ')}`,
        fields,
        ...(drains ? { interrupts: `the tasks of ${node.name} move to other nodes` } : {}),
        undo: 'put the old values into the cluster file',
        after: [],
        action: { type: 'update', node: node.name, nodeId: member.id, settings },
      },
    ];
  });
  return orderRoles(changes, members, twins, joins);
}

/** Demotions last and one after the other, and none that loses the quorum. */
function orderRoles(
  updates: SwarmChange[],
  members: MemberState[],
  twins: SwarmChange[],
  joins: SwarmChange[],
): SwarmChange[] {
  const roleOf = (change: SwarmChange): string | undefined =>
    change.fields.find(({ path }) => path === 'role')?.after;
  const promotions = updates.filter((change) => roleOf(change) === 'manager');
  const demotions = updates.filter((change) => roleOf(change) === 'worker');
  const rest = updates.filter((change) => roleOf(change) === undefined);
  const newManagers = joins.filter(
    ({ action }) => 'settings' in action && action.settings.role === 'manager',
  );

  for (const [index, change] of promotions.entries()) {
    // Raft takes in one new manager at a time.
    const before = promotions[index - 1] ?? newManagers.at(-1);
    if (before) change.after.push(before.id);
  }
  const gone = twins.map(({ action }) => (action.type === 'remove-twin' ? action.nodeId : ''));
  const count = countManagers(members.filter(({ id }) => !gone.includes(id)));
  count.total += newManagers.length + promotions.length;
  count.reachable += newManagers.length + promotions.length;
  for (const [index, change] of demotions.entries()) {
    const member = members.find(({ id }) => change.action.type === 'update' && id === change.action.nodeId);
    count.total -= 1;
    if (member?.reachability === 'reachable') count.reachable -= 1;
    if (!hasQuorum(count)) {
      throw new UserError(
        `making it a worker would leave the swarm without a quorum: ${count.reachable} of ${count.total} managers could be reached`,
        {
          place: { host: change.action.node },
          next: 'bring the other managers back, or give another node the role of manager, first',
        },
      );
    }
    const before = [...twins, ...newManagers, ...promotions, ...demotions.slice(0, index)];
    change.after.push(...before.map(({ id }) => id));
  }
  return [...promotions, ...rest, ...demotions];
}

function compareAvailability(before: string, { availability }: MemberSettings): FieldChange[] {
  return before === availability ? [] : [{ path: 'availability', before, after: availability }];
}

function compareLabels(before: Record<string, string>, after: Record<string, string>): FieldChange[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  const differing = keys.filter((key) => before[key] !== after[key]);
  // The list of our own keys says nothing new beside them; alone, it is what changes.
  const shown = differing.filter((key) => key !== ownLabelsKey);
  return (shown.length > 0 ? shown : differing).map((key) => ({
    path: `labels.${key}`,
    ...(before[key] === undefined ? {} : { before: before[key] }),
    ...(after[key] === undefined ? {} : { after: after[key] }),
  }));
}

function warnOfMembers(
  nodes: ClusterNode[],
  seen: Seen[],
  members: MemberState[],
  twins: SwarmChange[],
): string[] {
  const warnings: string[] = [];
  const handled = twins.map(({ action }) => (action.type === 'remove-twin' ? action.nodeId : ''));
  for (const member of members) {
    const own = seen.find(({ standing }) => standing.kind === 'member' && standing.member.id === member.id);
    if (own) {
      const reason = member.message ? `: ${member.message}` : '';
      const mark = readDrainedBy(member);
      if (mark !== undefined && own.node.availability !== 'drain')
        warnings.push(
          `${own.node.name} was drained ${describeDrainedBy(mark)} and stays so: kawanan node ready ${own.node.name} ends it`,
        );
      if (member.status !== 'ready')
        warnings.push(`${own.node.name} is ${member.status} in the swarm${reason}`);
      if (member.hostname !== own.node.name)
        warnings.push(`${own.node.name} is called ${member.hostname} in the swarm until its engine restarts`);
    } else if (!handled.includes(member.id) && !nodes.some((node) => isSameMachine(member, node))) {
      const place = member.address ? ` (${member.address})` : '';
      warnings.push(
        `${member.hostname}${place} is in the swarm but not in the cluster file; it is left alone`,
      );
    }
  }
  return warnings;
}
