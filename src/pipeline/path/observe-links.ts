import { managers, swarmNodes } from '../../cluster/cluster.ts';
import { UserError } from '../../errors.ts';
import { connectFromHost } from './connect-from-host.ts';
import type { Outcome, Target } from './connection.ts';
import type { ContainerEvidence } from './container-evidence.ts';
import type { LinkEvidence } from './evidence.ts';
import type { PathRequest } from './observe-path.ts';

/** Source: Docker's manual, "Open protocols and ports between the hosts". */
const managementPort = 2377;
const gossipPort = 7946;
/** Nothing listens there: a refusal comes from the container at the other end, and proves the way. */
const discardPort = 9;

/** The connections that the swarm itself lives on, tried from every node that is ready. */
export async function observeLinks(
  request: Pick<PathRequest, 'cluster' | 'hosts' | 'readyNodes'>,
  containers: ContainerEvidence[],
): Promise<LinkEvidence[]> {
  const { cluster, hosts, readyNodes } = request;
  const nodes = swarmNodes(cluster).filter(({ name }) => readyNodes.includes(name));
  const leads = new Set(managers(cluster).map(({ name }) => name));
  const links = await Promise.all(
    nodes.map(async (from) => {
      const peers = nodes.filter(({ name }) => name !== from.name);
      const plain = [
        ...peers
          .filter(({ name }) => leads.has(name))
          .map((to) => ({ to, port: managementPort, what: 'management (TCP 2377)' as const })),
        ...peers.map((to) => ({ to, port: gossipPort, what: 'gossip (TCP 7946)' as const })),
      ];
      try {
        const host = await hosts.connect(from.name);
        const outcomes = await connectFromHost(
          { host },
          plain.map(({ to, port }) => tcp(to.address, port)),
        );
        const direct = plain.map(
          ({ to, what }, index): LinkEvidence => ({
            from: from.name,
            to: to.name,
            what,
            outcome: outcomes[index]!,
          }),
        );
        return [...direct, ...(await tryOverlay(from.name, request, containers))];
      } catch (error) {
        // It lets nobody in, which is told of elsewhere.
        if (error instanceof UserError) return [];
        throw error;
      }
    }),
  );
  return links.flat();
}

function tcp(address: string, port: number): Target {
  return { address, port, ask: { kind: 'tcp' } };
}

/** From one container of a node to one on each other node that shares an overlay network with it. */
async function tryOverlay(
  node: string,
  { hosts }: Pick<PathRequest, 'hosts'>,
  containers: ContainerEvidence[],
): Promise<LinkEvidence[]> {
  const pairs = containers
    .filter((one) => one.node === node && one.processId > 0)
    .flatMap((from) =>
      containers
        .filter((to) => to.node !== node)
        .flatMap((to) =>
          Object.keys(from.overlays)
            .filter((network) => to.overlays[network] !== undefined)
            .map((network) => ({ from, to, network })),
        ),
    );
  const peers = [...new Set(pairs.map(({ to }) => to.node))];
  const host = await hosts.connect(node);
  return Promise.all(
    peers.map(async (peer): Promise<LinkEvidence> => {
      const { from, to, network } = pairs.find((pair) => pair.to.node === peer)!;
      const address = to.overlays[network]!;
      const [outcome] = await connectFromHost({ host, processId: from.processId }, [
        tcp(address, discardPort),
      ]);
      return {
        from: node,
        to: peer,
        what: 'overlay traffic (VXLAN, UDP 4789)',
        outcome: outcome as Outcome,
        through: `network ${network}, ${address}`,
      };
    }),
  );
}
