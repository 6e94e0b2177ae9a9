/** Which buttons there are right now: only for what clients don't notice. Pure. */
import { type Cluster, listVirtualAddresses, rankBalancers } from '../cluster/cluster.ts';
import type { BackendRow, BalancerCard, NodeCard, OfferedAction } from './state.ts';

/** What a button does; the commands' own code does it. */
export type ActionOrder =
  | { kind: 'failover'; to: string }
  | { kind: 'failback' }
  | { kind: 'sync' }
  | { kind: 'node ready'; node: string }
  | { kind: 'balancer ready'; server: string };

export type Offer = OfferedAction & { order: ActionOrder };

interface Seen {
  balancers: BalancerCard[];
  nodes: NodeCard[];
  backends: BackendRow[];
  vips: { address: string; holders: string[] }[];
}

/** In the order in which they are shown; each with an ID that stays while it is offered. */
export function offerActions(cluster: Cluster, seen: Seen): Offer[] {
  return [
    ...offerMoves(cluster, seen),
    ...(seen.balancers.some(({ health }) => health === 'well') ? [sync] : []),
    ...seen.nodes.filter(({ health }) => health === 'drained').map(({ name }) => readyNode(name)),
    ...listDrainedServers(seen).map(readyServer),
  ];
}

const sync: Offer = {
  id: 'sync',
  place: 'cluster',
  label: 'Sync the balancers',
  explains:
    'Brings every balancer to what the cluster file and the compose file say, and does nothing where they agree. Connections go on.',
  command: 'kawanan balancer sync --yes',
  order: { kind: 'sync' },
};

/** A move needs one holder, and another balancer that is well. */
function offerMoves(cluster: Cluster, { balancers, vips }: Seen): Offer[] {
  const holder = vips[0]?.holders.length === 1 ? vips[0].holders[0] : undefined;
  if (holder === undefined || balancers.find(({ name }) => name === holder)?.health !== 'well') return [];
  const isWell = (name: string): boolean =>
    balancers.some((balancer) => balancer.name === name && balancer.health === 'well');
  const takers = balancers.filter(({ name, holds }) => isWell(name) && holds.length === 0);
  const moves = takers.map(
    ({ name }): Offer => ({
      id: `failover ${name}`,
      place: name,
      label: 'Give it the address',
      explains: `Moves the virtual address to ${name} before ${holder} lets go. Connections that are open now go on through ${holder} until they end.`,
      command: `kawanan balancer failover --to ${name}`,
      order: { kind: 'failover', to: name },
    }),
  );
  const isAway = listVirtualAddresses(cluster).some((_, index) => {
    const first = rankBalancers(cluster, index)[0]?.name;
    return first !== undefined && isWell(first) && !vips[index]?.holders.includes(first);
  });
  return listVirtualAddresses(cluster).length > 1 && isAway ? [...moves, failback] : moves;
}

const failback: Offer = {
  id: 'failback',
  place: 'cluster',
  label: 'Fail back',
  explains:
    'Gives each virtual address to the balancer that comes first for it. Open connections go on until they end.',
  command: 'kawanan balancer failback',
  order: { kind: 'failback' },
};

function readyNode(node: string): Offer {
  return {
    id: `node ready ${node}`,
    place: node,
    label: 'Put back into service',
    explains: `Lets the swarm start tasks on ${node} again, then puts its servers back into the rotation of every balancer.`,
    command: `kawanan node ready ${node}`,
    order: { kind: 'node ready', node },
  };
}

function listDrainedServers({ backends }: Seen): string[] {
  const drained = backends.flatMap(({ servers }) =>
    servers.filter(({ on }) => Object.values(on).some(({ state }) => state === 'drain' || state === 'maint')),
  );
  return [...new Set(drained.map(({ name }) => name))];
}

function readyServer(server: string): Offer {
  return {
    id: `balancer ready ${server}`,
    place: server,
    label: 'Put back',
    explains: `Puts the server ${server} back into the rotation of every balancer; whether it gets work, its check decides.`,
    command: `kawanan balancer ready ${server}`,
    order: { kind: 'balancer ready', server },
  };
}
