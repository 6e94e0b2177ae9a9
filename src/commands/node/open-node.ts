/** What the commands that take a node away and bring it back have in common. */
import type { CommandContext } from '../../cli.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { loadCluster } from '../../cluster/load-cluster.ts';
import type { Receipt } from '../../drill/receipt/receipt.ts';
import { readSeconds } from '../../input/read-seconds.ts';
import { describeUser } from '../../lock/this-process.ts';
import { showWork } from '../../output/show-work.ts';
import { neutralise } from '../../output/terminal.ts';
import type { DrainOptions, NodeResult, NodeWork } from '../../pipeline/drain-node.ts';
import { loadBalancerModel } from '../../pipeline/load-balancer-model.ts';
import type { NodeSituation } from '../../pipeline/node-situation.ts';
import type { Hosts } from '../../remote/host.ts';
import type { DrainNodeOptions } from '../node.ts';
import { type ApplyOptions, openHosts } from '../session.ts';
import { withClusterLock } from '../with-lock.ts';
import { withReceipt } from '../with-receipt.ts';

export interface OpenCluster extends AsyncDisposable {
  cluster: Cluster;
  hosts: Hosts;
}

export async function openCluster(options: ApplyOptions, context: CommandContext): Promise<OpenCluster> {
  const cluster = await loadCluster(options.file, context.cwd);
  const hosts = openHosts(cluster, context);
  return { cluster, hosts, [Symbol.asyncDispose]: () => hosts.close() };
}

/** What the drain of a node is told by the command line. */
export function readDrainOptions({ wait, cut }: DrainNodeOptions): DrainOptions {
  const since = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    timeoutMs: readSeconds('--wait', wait) * 1000,
    cut: cut ?? false,
    drainedBy: `${describeUser().replaceAll(/\s/g, '_')} ${since}`,
  };
}

/** Runs one piece of work on a node under the cluster's lock and, where somebody answers, under load; shows what it reports. */
export async function workOnNode<Result>(
  { cluster, hosts }: OpenCluster,
  { command, title, options }: { command: string; title: string; options: ApplyOptions },
  context: CommandContext,
  work: (node: NodeWork) => Promise<Result>,
): Promise<{ result: Result; receipt?: Receipt }> {
  return withClusterLock({ cluster, hosts, command, options }, context, async (lock) => {
    await lock.ensure();
    const model = () => loadBalancerModel(cluster, context.env);
    return withReceipt({ cluster, model, command, options }, context, () =>
      showWork(context.terminal, title, context.signal, (progress) => work({ cluster, hosts, progress })),
    );
  });
}

/** What it means to take a node away, one warning a line; nothing when all of it goes on elsewhere. */
export function warnOfDrain(situation: NodeSituation, { terminal }: CommandContext): string[] {
  const lines = [
    ...situation.stayers.map(({ service, why }) => `${service}: ${why}`),
    ...situation.emptied.map((backend) => `${backend}: no server is left, its clients get errors`),
  ];
  for (const line of lines) terminal.err(`${terminal.colors.yellow('warning')} ${neutralise(line)}\n`);
  return lines;
}

/** Tells what couldn't be done as well as it should. */
export function tellShortcomings({ short, away }: NodeResult, { terminal }: CommandContext): void {
  const lines = [
    ...short,
    ...away.map(({ balancer, reason }) => `${balancer} does not answer and was not told: ${reason}`),
  ];
  for (const line of lines) terminal.err(`${terminal.colors.yellow('warning')} ${neutralise(line)}\n`);
}
