import type Docker from 'dockerode';
import type { Hosts } from '../../remote/host.ts';
import type { TaskStatus } from '../../stack/status.ts';

/** A running container of a task, as its own node's engine knows it. */
export interface ContainerEvidence {
  taskId: string;
  node: string;
  /** Process ID on the node of its first program. */
  processId: number;
  /** Overlay networks it is on, by name, with its address there. */
  overlays: Record<string, string>;
  /** What the newest failing health check printed; absent while it is healthy or has none. */
  unhealthy?: string;
}

/** The containers of these tasks, asked of each node's engine side by side; nodes that let nobody in have none. */
export async function readContainers(tasks: TaskStatus[], hosts: Hosts): Promise<ContainerEvidence[]> {
  const nodes = [...new Set(tasks.flatMap(({ node }) => (node === undefined ? [] : [node])))];
  const read = await Promise.all(nodes.map((node) => readNode(node, tasks, hosts).catch(() => [])));
  return read.flat();
}

async function readNode(node: string, tasks: TaskStatus[], hosts: Hosts): Promise<ContainerEvidence[]> {
  const engine = (await hosts.connect(node)).engine();
  const wanted = new Set(tasks.filter((task) => task.node === node).map(({ id }) => id));
  const listed = await engine.listContainers({ filters: { label: ['com.docker.swarm.task.id'] } });
  const own = listed.filter(({ Labels }) => wanted.has(Labels['com.docker.swarm.task.id'] ?? ''));
  return Promise.all(own.map(({ Id }) => readContainer(node, Id, engine)));
}

interface Inspected {
  Config: { Labels: Record<string, string> };
  State: { Pid: number; Health?: { Status: string; Log?: { ExitCode: number; Output: string }[] } };
  NetworkSettings: {
    Networks: Record<string, { IPAddress?: string; IPAMConfig?: { IPv4Address?: string } }>;
  };
}

async function readContainer(node: string, id: string, engine: Docker): Promise<ContainerEvidence> {
  const seen = (await engine.getContainer(id).inspect()) as unknown as Inspected;
  const overlays = Object.entries(seen.NetworkSettings.Networks).flatMap(([name, { IPAddress }]) =>
    // Networks of the node itself carry no traffic between nodes; that of the mesh carries none between containers.
    IPAddress && !['bridge', 'host', 'none', 'docker_gwbridge', 'ingress'].includes(name)
      ? [[name, IPAddress]]
      : [],
  );
  const { Health, Pid } = seen.State;
  const failed =
    Health?.Status === 'unhealthy' ? Health.Log?.findLast(({ ExitCode }) => ExitCode !== 0) : undefined;
  return {
    taskId: seen.Config.Labels['com.docker.swarm.task.id'] ?? '',
    node,
    processId: Pid,
    overlays: Object.fromEntries(overlays) as Record<string, string>,
    ...(failed && {
      unhealthy: `exit code ${failed.ExitCode}: ${failed.Output.trim().split('\n').at(-1)?.slice(0, 160) ?? ''}`,
    }),
  };
}
