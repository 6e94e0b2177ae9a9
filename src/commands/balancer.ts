import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import { type ApplyOptions, addApplyOptions, addClusterOptions, type ClusterOptions } from './session.ts';

/** `kawanan balancer`: the balancers that run. What each does is loaded only when it is asked for. */
export function buildCommand(context: CommandContext): Command {
  const command = new Command('balancer');
  addClusterOptions(command.command('show'))
    .description('frontends, servers, their state on each balancer, who holds the VIP, and where they differ')
    .action(async (options: ClusterOptions) =>
      (await import('./balancer/show.ts')).showBalancers(options, context),
    );
  addRotationCommands(command, context);
  return command;
}

export interface RotationOptions extends ApplyOptions {
  /** Seconds. */
  wait: string;
}

function addRotationCommands(command: Command, context: CommandContext): void {
  addApplyOptions(command.command('drain'))
    .description('give a server, or all of a node, nothing new on any balancer, and wait until it is idle')
    .argument('<server|node>', 'name of a server, BACKEND/SERVER, or name of a node')
    .option('--wait <seconds>', 'how long to wait for its requests and connections to end', '60')
    .action(async (name: string, options: RotationOptions) =>
      (await import('./balancer/drain.ts')).drain(name, options, context),
    );
  addApplyOptions(command.command('ready'))
    .description('put a drained server, or all of a node, back on every balancer')
    .argument('<server|node>', 'name of a server, BACKEND/SERVER, or name of a node')
    .action(async (name: string, options: ApplyOptions) =>
      (await import('./balancer/ready.ts')).ready(name, options, context),
    );
}
