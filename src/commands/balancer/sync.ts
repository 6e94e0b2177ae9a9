import type { CommandContext } from '../../cli.ts';
import { applyCluster } from '../apply-cluster.ts';
import type { ApplyOptions } from '../session.ts';
import { openBalancers } from './find-balancers.ts';

/**
 * Brings the balancers to what cluster file and compose file say, and nothing else: after nodes came or went. Servers
 * through the Runtime API where nothing but servers differs, by a reload otherwise.
 */
export async function syncBalancers(options: ApplyOptions, context: CommandContext): Promise<void> {
  // Says so where there is no balancer at all.
  await (await openBalancers(options, context))[Symbol.asyncDispose]();
  await applyCluster(options, { command: 'balancer sync', only: ['balancer'] }, context);
}
