import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { loadCluster } from '../cluster/load-cluster.ts';
import type { HttpTarget } from '../drill/probe/options.ts';
import { InputError, UserError } from '../errors.ts';
import { addClusterOptions, type ClusterOptions, openHosts, printJson } from './session.ts';

interface DashboardOptions extends ClusterOptions {
  port: string;
  probe: boolean;
  readOnly?: boolean;
  results?: string;
}

/** `kawanan dashboard`: a live page for the browsers of this computer. */
export function buildCommand(context: CommandContext): Command {
  return addClusterOptions(new Command('dashboard'))
    .option('--port <n>', 'port on 127.0.0.1; 0 takes a free one', '0')
    .option('--read-only', 'no buttons')
    .option('--no-probe', 'send no requests to the http frontends (five a second to each otherwise)')
    .option(
      '--results <folder>',
      'where the JSON files of drill run --out are looked for; beside the cluster file unless told',
    )
    .action((options: DashboardOptions) => showDashboard(options, context));
}

async function showDashboard(options: DashboardOptions, context: CommandContext): Promise<void> {
  const { terminal, cwd, signal } = context;
  const port = readPort(options.port);
  const cluster = await loadCluster(options.file, cwd);
  const [
    { observeCluster },
    { serveDashboard },
    { createResultReader },
    { performOrder },
    { describeRevisions },
    { readRevisions },
    { readMonitoringHistory },
  ] = await Promise.all([
    import('../dashboard/observe.ts'),
    import('../dashboard/serve.ts'),
    import('../dashboard/read-results.ts'),
    import('./dashboard/perform-order.ts'),
    import('../stack/describe-revisions.ts'),
    import('./read-revisions.ts'),
    import('../pipeline/read-monitoring-history.ts'),
  ]);
  const { targets, noProbe } = await findTargets(cluster, options, context);
  const home = dirname(cluster.file);
  const folders = [
    options.results === undefined ? home : resolve(cwd, options.results),
    ...(cluster.receipt && cluster.receipt.keep !== undefined ? [cluster.receipt.keep] : []),
  ];
  let act: ReturnType<typeof observeCluster>['act'] = () => 'unknown';
  const server = await serveDashboard({ port, act: (id) => act(id) });
  try {
    const observer = observeCluster(
      {
        cluster,
        readOnly: options.readOnly ?? false,
        targets,
        noProbe,
        openHosts: (watching) => openHosts(cluster, context, watching),
        readRevisions: async (hosts) => {
          const read = cluster.stacks.map(async ({ name: stack }) => {
            const revisions = describeRevisions(await readRevisions(stack, cluster, hosts));
            return revisions.map((revision) => ({ ...revision, stack }));
          });
          return (await Promise.all(read)).flat();
        },
        readHistory: (hosts, ending) =>
          readMonitoringHistory(cluster, hosts, { signal: ending, nowMs: Date.now() }),
        readResults: createResultReader(cluster.name, folders),
        perform: (order, tell) => performOrder(order, { ...options, file: cluster.file }, { context, tell }),
      },
      { signal, publish: server.publish },
    );
    act = observer.act;
    if (options.json) printJson(context, { url: server.url });
    else terminal.out(`${server.url}\n`);
    terminal.err(`the dashboard of ${cluster.name}, for browsers of this computer; Ctrl-C ends it\n`);
    await observer.finished;
  } finally {
    await server.close();
  }
}

/** What is sent, and why nothing is. The dashboard works without a compose file that can be read. */
async function findTargets(
  cluster: Cluster,
  { probe }: DashboardOptions,
  { env, terminal }: CommandContext,
): Promise<{ targets: HttpTarget[]; noProbe: string | null }> {
  const none = (noProbe: string) => ({ targets: [], noProbe });
  if (!probe) return none('--no-probe was given');
  const address =
    cluster.balancer?.vip?.address ?? cluster.nodes.find(({ role }) => role === 'balancer')?.address;
  if (address === undefined) return none('the cluster has no balancer');
  try {
    const [{ loadBalancerModel }, { chooseTargets }] = await Promise.all([
      import('../pipeline/load-balancer-model.ts'),
      import('../dashboard/choose-targets.ts'),
    ]);
    const targets = chooseTargets(await loadBalancerModel(cluster, env), address);
    return targets.length > 0 ? { targets, noProbe: null } : none('there is no http frontend');
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { printError } = await import('../output/print-error.ts');
    terminal.err(
      `${terminal.colors.yellow('warning')} no requests are sent, for the compose files can't be read:\n`,
    );
    printError(error, terminal);
    return none("the compose files can't be read; kawanan plan says why");
  }
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InputError({
    message: `--port ${JSON.stringify(text)} is no port`,
    next: 'write e.g. --port 8090, or leave it out: a free one is taken then',
  });
}
