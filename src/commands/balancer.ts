import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import {
  type ApplyOptions,
  addApplyOptions,
  addClusterOptions,
  addReceiptOptions,
  type ClusterOptions,
} from './session.ts';

/** `kawanan balancer`: the balancers that run. What each does is loaded only when it is asked for. */
export function buildCommand(context: CommandContext): Command {
  const command = new Command('balancer');
  addClusterOptions(command.command('show'))
    .description('frontends, servers, their state on each balancer, who holds the VIP, and where they differ')
    .action(async (options: ClusterOptions) =>
      (await import('./balancer/show.ts')).showBalancers(options, context),
    );
  addReceiptOptions(addApplyOptions(command.command('sync')))
    .description('bring the balancers to what the files say, e.g. after nodes came or went')
    .action(async (options: ApplyOptions) =>
      (await import('./balancer/sync.ts')).syncBalancers(options, context),
    );
  addRotationCommands(command, context);
  addMoveCommands(command, context);
  return command;
}

export interface RotationOptions extends ApplyOptions {
  /** Seconds. */
  wait: string;
}

function addRotationCommands(command: Command, context: CommandContext): void {
  addReceiptOptions(addApplyOptions(command.command('drain')))
    .description('give a server, or all of a node, nothing new on any balancer, and wait until it is idle')
    .argument('<server|node>', 'name of a server, BACKEND/SERVER, or name of a node')
    .option('--wait <seconds>', 'how long to wait for its requests and connections to end', '60')
    .action(async (name: string, options: RotationOptions) =>
      (await import('./balancer/drain.ts')).drain(name, options, context),
    );
  addReceiptOptions(addApplyOptions(command.command('ready')))
    .description('put a drained server, or all of a node, back on every balancer')
    .argument('<server|node>', 'name of a server, BACKEND/SERVER, or name of a node')
    .action(async (name: string, options: ApplyOptions) =>
      (await import('./balancer/ready.ts')).ready(name, options, context),
    );
}

export interface MoveOptions extends ApplyOptions {
  /** Seconds. */
  wait: string;
}

function addMoveCommands(command: Command, context: CommandContext): void {
  addReceiptOptions(addApplyOptions(command.command('failover')))
    .description('move the virtual address to another balancer; connections go on through the old one')
    .option('--to <node>', 'the balancer that is to hold it; the next in line unless told')
    .option('--wait <seconds>', 'how long connections through the old balancer may take to end', '60')
    .action(async (options: MoveOptions & { to?: string }) =>
      (await import('./balancer/failover.ts')).failOver(options, context),
    );
  addReceiptOptions(addApplyOptions(command.command('failback')))
    .description('give each virtual address back to the balancer that comes first in the cluster file')
    .option('--wait <seconds>', 'how long connections through the old balancer may take to end', '60')
    .action(async (options: MoveOptions) =>
      (await import('./balancer/failback.ts')).failBack(options, context),
    );
}
