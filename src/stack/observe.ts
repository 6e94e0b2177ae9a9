/** Reads a stack from a manager in one round of calls side by side. Changes nothing. */
import type Docker from 'dockerode';
import type { Hosts } from '../remote/host.ts';
import { askSwarm } from './ask-swarm.ts';
import { stackNamespaceLabel } from './engine-types.ts';
import type {
  NeighbourService,
  NodeLeftovers,
  ObservedConfig,
  ObservedNetwork,
  ObservedNode,
  ObservedSecret,
  ObservedService,
  ObservedTask,
  StackObserved,
} from './observed.ts';

/** Everything of a stack that a manager knows. One round trip: all lists are asked for at the same time. */
export async function observeStack(engine: Docker, stackName: string): Promise<StackObserved> {
  const [nodes, networks, configs, secrets, services, tasks] = await askSwarm(
    Promise.all([
      engine.listNodes(),
      engine.listNetworks(),
      engine.listConfigs(),
      engine.listSecrets(),
      listServices(engine),
      listStackTasks(engine, stackName),
    ]),
  );
  const isOwn = ({ Spec }: ObservedService): boolean => Spec.Labels?.[stackNamespaceLabel] === stackName;
  const own = services.filter(isOwn);
  const listed = dropNulls<ObservedNetwork[]>(networks).filter((network) => network.Scope === 'swarm');
  return {
    nodes: (nodes as RawNode[]).map(readNode),
    networks: await addUnlistedNetworks(engine, listed, own),
    configs: dropNulls<ObservedConfig[]>(configs ?? []),
    secrets: dropNulls<ObservedSecret[]>(secrets ?? []),
    services: own,
    neighbours: services.filter((service) => !isOwn(service)).flatMap(readNeighbour),
    tasks,
  };
}

function readNeighbour({ Spec }: ObservedService): NeighbourService[] {
  const networks = (Spec.TaskTemplate.Networks ?? []).map(({ Target }) => Target);
  const stack = Spec.Labels?.[stackNamespaceLabel];
  return networks.length === 0 ? [] : [{ name: Spec.Name, networks, ...(stack !== undefined && { stack }) }];
}

async function listServices(engine: Docker): Promise<ObservedService[]> {
  return dropNulls((await engine.listServices()) ?? []);
}

/** The networks and those that services use without being listed: the swarm's own `host` and `bridge`. */
export async function addUnlistedNetworks(
  engine: Docker,
  networks: ObservedNetwork[],
  services: Pick<ObservedService, 'Spec'>[],
): Promise<ObservedNetwork[]> {
  const known = new Set(networks.flatMap((network) => [network.Id, network.Name]));
  const used = services.flatMap(({ Spec }) => Spec.TaskTemplate.Networks ?? []).map(({ Target }) => Target);
  const unlisted = [...new Set(used)].filter((target) => !known.has(target));
  const found = await Promise.all(
    unlisted.map(async (target) => {
      try {
        return [dropNulls<ObservedNetwork>(await engine.getNetwork(target).inspect())];
      } catch {
        // Gone by now, and then its id is all there is to show.
        return [];
      }
    }),
  );
  return [...networks, ...found.flat()];
}

/** Every config of the swarm, with its data. */
export async function listConfigs(engine: Docker): Promise<ObservedConfig[]> {
  return dropNulls((await askSwarm(engine.listConfigs())) ?? []);
}

/** The services that carry the stack's label. */
export async function listStackServices(engine: Docker, stackName: string): Promise<ObservedService[]> {
  const filters = { label: [`${stackNamespaceLabel}=${stackName}`] };
  return dropNulls((await engine.listServices({ filters: JSON.stringify(filters) } as never)) ?? []);
}

/** The tasks of the stack's services, those of removed services included until their nodes have let go of them. */
export async function listStackTasks(engine: Docker, stackName: string): Promise<ObservedTask[]> {
  const filters = { label: [`${stackNamespaceLabel}=${stackName}`] };
  return dropNulls((await engine.listTasks({ filters: JSON.stringify(filters) } as never)) ?? []);
}

/** The stack's volumes on each node, asked of each node's own engine; a node that doesn't answer is said so. */
export async function observeLeftovers(
  hosts: Hosts,
  nodeNames: string[],
  stackName: string,
): Promise<NodeLeftovers[]> {
  return Promise.all(
    nodeNames.map(async (node) => {
      try {
        const engine = (await hosts.connect(node)).engine();
        const filters = { label: [`${stackNamespaceLabel}=${stackName}`] };
        const answer = await askSwarm(
          engine.listVolumes({ filters: JSON.stringify(filters) } as never) as unknown as Promise<{
            Volumes?: { Name: string }[];
          }>,
        );
        return { node, volumes: (answer.Volumes ?? []).map((volume) => volume.Name).sort() };
      } catch (error) {
        return { node, volumes: [], unreachable: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}

/** An answer of the engine without the nulls it writes for what isn't there. */
export function dropNulls<Value>(answer: unknown): Value {
  if (answer === null || typeof answer !== 'object') return answer as Value;
  // What holds no null is kept as it is: nearly all of a big swarm's answer, which is megabytes.
  const source = answer as Record<string, unknown>;
  let copy: Record<string, unknown> | undefined;
  for (const key in source) {
    const value = source[key];
    const kept = value === null && !Array.isArray(answer) ? undefined : dropNulls(value);
    if (kept === value) continue;
    copy ??= (Array.isArray(answer) ? [...answer] : { ...answer }) as Record<string, unknown>;
    if (kept === undefined) delete copy[key];
    else copy[key] = kept;
  }
  return (copy ?? answer) as Value;
}

interface RawNode {
  ID: string;
  Version?: { Index: number };
  Spec: { Role: string; Availability: string; Labels?: Record<string, string> };
  Description?: {
    Hostname?: string;
    Platform?: { OS?: string; Architecture?: string };
    Engine?: { Labels?: Record<string, string> };
  };
  Status?: { State?: string; Addr?: string };
}

/** A node of `GET /nodes` as the rest of the layer reads it. */
export function readNode(raw: RawNode): ObservedNode {
  return {
    id: raw.ID,
    ...(raw.Version && { version: raw.Version.Index }),
    hostname: raw.Description?.Hostname ?? raw.ID,
    role: raw.Spec.Role === 'manager' ? 'manager' : 'worker',
    labels: raw.Spec.Labels ?? {},
    engineLabels: raw.Description?.Engine?.Labels ?? {},
    platform: {
      os: raw.Description?.Platform?.OS ?? 'linux',
      architecture: raw.Description?.Platform?.Architecture ?? '',
    },
    availability:
      raw.Spec.Availability === 'drain' ? 'drain' : raw.Spec.Availability === 'pause' ? 'pause' : 'active',
    address: raw.Status?.Addr ?? '',
    ready: raw.Status?.State === 'ready',
  };
}
