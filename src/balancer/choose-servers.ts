/** Which servers a user means by a name. No I/O here. */
import type { Cluster } from '../cluster/cluster.ts';
import { swarmNodes } from '../cluster/cluster.ts';
import { InputError } from '../errors.ts';
import { suggestWord } from '../input/nearest-word.ts';
import type { LiveServer } from './live-server.ts';

export type ServerChoice = (server: Pick<LiveServer, 'backend' | 'name' | 'address'>) => boolean;

/** The servers of one node, by its address: names of servers may be cut, addresses not. */
export function chooseNodeServers(cluster: Cluster, node: string): ServerChoice {
  const address = cluster.nodes.find(({ name }) => name === node)?.address;
  return (server) => address !== undefined && server.address.startsWith(`${address}:`);
}

/**
 * The servers meant by a node's name, a server's (in whichever backends it stands) or `backend/server`.
 *
 * @throws InputError that names the nearest one when there is none.
 */
export function chooseServers(
  wanted: string,
  cluster: Cluster,
  servers: Pick<LiveServer, 'backend' | 'name' | 'address'>[],
): ServerChoice {
  const nodes = swarmNodes(cluster).map(({ name }) => name);
  if (nodes.includes(wanted)) return chooseNodeServers(cluster, wanted);
  const fits: ServerChoice = ({ backend, name }) => name === wanted || `${backend}/${name}` === wanted;
  if (servers.some(fits)) return fits;
  throw new InputError({
    message: `no balancer has a server ${JSON.stringify(wanted)}, and no node of the swarm is called so`,
    next: suggestWord(wanted, [...nodes, ...new Set(servers.map(({ name }) => name))]),
  });
}
