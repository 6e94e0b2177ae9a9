import type { CommandContext } from '../../cli.ts';
import { loadCluster } from '../../cluster/load-cluster.ts';
import { renderTable } from '../../output/table.ts';
import { neutralise, type Terminal } from '../../output/terminal.ts';
import { type ListedNode, listClusterNodes } from '../../pipeline/list-nodes.ts';
import { type ClusterOptions, openHosts, printJson } from '../session.ts';

/** Prints every node of the cluster file as the swarm and the balancers see it. */
export async function listNodes(options: ClusterOptions, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const cluster = await loadCluster(options.file, context.cwd);
  await using hosts = openHosts(cluster, context);
  const nodes = await listClusterNodes(cluster, hosts);
  if (options.json) return printJson(context, nodes);
  const rows = nodes.map((node) => [
    node.name,
    node.address,
    node.leader ? `${node.role}, leader` : node.role,
    describeState(node, terminal.colors),
    node.tasks === undefined ? '' : String(node.tasks),
    node.servers === undefined ? '' : `${node.servers.ready}/${node.servers.total} in rotation`,
    Object.entries(node.labels)
      .map(([key, value]) => neutralise(`${key}=${value}`))
      .join(' '),
  ]);
  terminal.out(renderTable(['NODE', 'ADDRESS', 'ROLE', 'STATE', 'TASKS', 'SERVERS', 'LABELS'], rows));
}

function describeState(node: ListedNode, colors: Terminal['colors']): string {
  if (node.state === undefined) return node.role === 'balancer' ? '' : colors.red('not in the swarm');
  if (node.state !== 'ready') return colors.red(neutralise(node.state));
  if (node.availability === 'active') return colors.green('ready');
  const by = node.drained === undefined ? '' : ` ${neutralise(node.drained)}`;
  return colors.yellow(`${node.availability === 'drain' ? 'drained' : 'paused'}${by}`);
}
