/** Reads the IPVS tables of the swarm nodes and what the swarm wants in them. Changes nothing. */
import type Docker from 'dockerode';
import { type Cluster, swarmNodes } from '../../cluster/cluster.ts';
import { UserError } from '../../errors.ts';
import type { Hosts } from '../../remote/host.ts';
import { askSwarm } from '../../stack/ask-swarm.ts';
import type { MeshEvidence, MeshTask, NodeTables, SwarmService } from './mesh-tables.ts';
import { parseTables } from './parse-tables.ts';

/** Where the engine keeps the network namespaces of its load balancers. Nothing is printed where there is none. */
const tablesScript = `export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
exec 2>/dev/null
for path in /run/docker/netns/ingress_sbox /run/docker/netns/lb_*; do
  [ -e "$path" ] || continue
  echo "sandbox \${path##*/}"
  nsenter --net="$path" sh -c 'cat /proc/net/ip_vs; iptables -t mangle -S INPUT'
done
exit 0
`;

/**
 * The tables first, then what should be in them; nodes that let nobody in have no tables.
 *
 * @throws UserError where the swarm doesn't say what it wants.
 */
export async function observeMesh(cluster: Cluster, hosts: Hosts, engine: Docker): Promise<MeshEvidence> {
  const tables = await Promise.all(swarmNodes(cluster).map(({ name }) => readTables(name, hosts)));
  return { tables: tables.flat(), ...(await readWanted(engine)) };
}

async function readTables(node: string, hosts: Hosts): Promise<NodeTables[]> {
  try {
    const host = await hosts.connect(node);
    const { stdout } = await host.run({
      program: 'sh',
      args: ['-s'],
      title: 'reading the IPVS tables',
      stdin: tablesScript,
      asRoot: true,
      timeoutMs: 30_000,
    });
    return [{ node, sandboxes: parseTables(stdout) }];
  } catch (error) {
    // That it can't be entered is told of elsewhere.
    if (error instanceof UserError) return [];
    throw error;
  }
}

interface SeenService {
  ID: string;
  Spec: { Name: string };
  Endpoint?: { VirtualIPs?: { NetworkID: string; Addr?: string }[] | null };
}

interface SeenTask {
  ServiceID: string;
  NodeID?: string;
  DesiredState: string;
  Status: { State: string };
  NetworksAttachments?: { Network: { ID: string }; Addresses?: string[] | null }[] | null;
}

async function readWanted(engine: Docker): Promise<Omit<MeshEvidence, 'tables'>> {
  const [services, tasks, nodes, networks] = await askSwarm(
    Promise.all([
      engine.listServices() as unknown as Promise<SeenService[]>,
      engine.listTasks() as unknown as Promise<SeenTask[]>,
      engine.listNodes() as Promise<
        { ID: string; Description: { Hostname: string }; Status: { State: string } }[]
      >,
      engine.listNetworks(),
    ]),
  );
  const ingressNetwork = networks.find(({ Ingress }) => Ingress)?.Id;
  return {
    services: services.map(
      ({ ID, Spec, Endpoint }): SwarmService => ({
        id: ID,
        name: Spec.Name,
        virtualAddresses: Object.fromEntries(
          (Endpoint?.VirtualIPs ?? []).flatMap(({ NetworkID, Addr }) =>
            isIpv4(Addr) ? [[NetworkID, stripPrefix(Addr)]] : [],
          ),
        ),
      }),
    ),
    tasks: tasks.map(({ ServiceID, NodeID, DesiredState, Status, NetworksAttachments }): MeshTask => {
      const node = nodes.find(({ ID }) => ID === NodeID);
      return {
        service: ServiceID,
        node: node?.Description.Hostname ?? 'a node that is gone',
        isWell: DesiredState === 'running' && Status.State === 'running' && node?.Status.State === 'ready',
        addresses: Object.fromEntries(
          (NetworksAttachments ?? []).flatMap(({ Network, Addresses }) => {
            const address = Addresses?.find(isIpv4);
            return address === undefined ? [] : [[Network.ID, stripPrefix(address)]];
          }),
        ),
      };
    }),
    ...(ingressNetwork !== undefined && { ingressNetwork }),
  };
}

/** What the tables are compared by: a network may have addresses of both kinds. */
function isIpv4(address: string | undefined): address is string {
  return address !== undefined && /^\d+\.\d/.test(address);
}

function stripPrefix(address: string): string {
  return address.split('/')[0]!;
}
