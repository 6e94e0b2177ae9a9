/** How the swarm is taken apart: workers leave, then the managers, the last by force; pure. */
import type { Cluster } from '../cluster/cluster.ts';
import { managers, swarmNodes } from '../cluster/cluster.ts';
import type { LayerPlan } from '../plan/change.ts';
import type { SwarmAction, SwarmChange } from './action.ts';
import { chooseView, findStanding, isSameMachine } from './recognise.ts';
import { checkReachable, type SwarmPlanOptions } from './refuse.ts';
import type { EngineState, SwarmObserved } from './swarm-state.ts';

/** The changes that take every node out of our swarm. A node that is in another one is left in it. */
export function planSwarmRemoval(
  cluster: Cluster,
  observed: SwarmObserved,
  options: SwarmPlanOptions = {},
): LayerPlan<SwarmAction> {
  const nodes = swarmNodes(cluster);
  const unreachable = checkReachable(nodes, observed, options);
  const view = chooseView(cluster, observed);
  const addresses = nodes.map(({ address }) => address);

  const leaving = nodes.flatMap((node) => {
    const engine = observed.engines[node.name];
    if (engine?.kind !== 'engine' || engine.state === 'inactive') return [];
    const ours = view
      ? findStanding(engine, view, cluster).kind !== 'foreign'
      : engine.managerAddresses.some((address) => addresses.includes(address));
    return ours ? [{ node, engine }] : [];
  });
  const workers = leaving.filter(({ engine }) => !engine.manager);
  // The first manager of the file is the one that everything is asked of: it goes last.
  const last = managers(cluster)[0]?.name;
  const managing = leaving
    .filter(({ engine }) => engine.manager)
    .toSorted((a, b) => Number(a.node.name === last) - Number(b.node.name === last));

  const changes: SwarmChange[] = workers.map(({ node, engine }) => makeLeave(node.name, engine, false, []));
  for (const [index, { node, engine }] of managing.entries()) {
    const demoteFirst = view !== undefined && index < managing.length - 1;
    const before = changes.map(({ id }) => id);
    changes.push(makeLeave(node.name, engine, demoteFirst, before));
  }
  const strangers = (view?.members ?? []).filter(
    (member) =>
      !nodes.some((node) => isSameMachine(member, node)) &&
      !leaving.some(({ engine }) => engine.nodeId === member.id),
  );
  return {
    layer: 'swarm',
    changes,
    unchanged: nodes.length - leaving.length - unreachable.length,
    warnings: [
      ...unreachable.map((name) => `${name} can't be reached and is left as it is`),
      ...strangers.map(
        ({ hostname }) => `${hostname} is not in the cluster file and stays in what is left of the swarm`,
      ),
    ],
  };
}

function makeLeave(node: string, engine: EngineState, demoteFirst: boolean, after: string[]): SwarmChange {
  const role = engine.manager ? 'manager' : 'worker';
  return {
    id: `leave/${node}`,
    layer: 'swarm',
    kind: 'remove',
    object: { type: 'node', name: node, host: node },
    title: `leave the swarm (${role})`,
    fields: [{ path: 'role', before: role }],
    interrupts: `every task on ${node} ends`,
    after,
    action: { type: 'leave', node, demoteFirst },
  };
}
