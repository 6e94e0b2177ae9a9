import { Command, Option } from 'commander';
import type { CommandContext } from '../cli.ts';
import {
  type ApplyOptions,
  addApplyOptions,
  addClusterOptions,
  addReceiptOptions,
  type ClusterOptions,
} from './session.ts';

/** `kawanan node`: single nodes of the swarm. What each does is loaded only when it is asked for. */
export function buildCommand(context: CommandContext): Command {
  const command = new Command('node');
  addClusterOptions(command.command('ls'))
    .description('list the nodes: role, state, tasks, and who drained them')
    .action(async (options: ClusterOptions) => (await import('./node/list.ts')).listNodes(options, context));
  addServiceCommands(command, context);
  addMemberCommands(command, context);
  return command;
}

export interface DrainNodeOptions extends ApplyOptions {
  /** Seconds. */
  wait: string;
  cut?: boolean;
}

export interface AddNodeOptions extends ApplyOptions {
  role: 'worker' | 'manager' | 'balancer';
  labels: string[];
}

function addDrainOptions(command: Command): Command {
  return addReceiptOptions(addApplyOptions(command))
    .option('--wait <seconds>', 'how long its requests and connections may take to end', '60')
    .option('--cut', 'end what still runs after that');
}

function addServiceCommands(command: Command, context: CommandContext): void {
  addDrainOptions(command.command('drain'))
    .description('take a node out of service: first on the balancers, then in the swarm')
    .argument('<node>', 'its name in the cluster file')
    .action(async (name: string, options: DrainNodeOptions) =>
      (await import('./node/drain.ts')).drain(name, options, context),
    );
  addReceiptOptions(addApplyOptions(command.command('ready')))
    .description('put a drained node back into service: first in the swarm, then on the balancers')
    .argument('<node>', 'its name in the cluster file')
    .option('--rebalance', 'start services anew whose tasks are unevenly spread')
    .action(async (name: string, options: ApplyOptions & { rebalance?: boolean }) =>
      (await import('./node/ready.ts')).ready(name, options, context),
    );
  addDrainOptions(command.command('reboot'))
    .description('drain nodes, restart their machines and put them back, one after the other')
    .argument('<node...>', 'their names in the cluster file')
    .action(async (names: string[], options: DrainNodeOptions) =>
      (await import('./node/reboot.ts')).reboot(names, options, context),
    );
}

function addMemberCommands(command: Command, context: CommandContext): void {
  const collect = (value: string, before: string[]): string[] => [...before, ...value.split(',')];
  addReceiptOptions(addApplyOptions(command.command('add')))
    .description('write a machine into the cluster file and bring the cluster up with it')
    .argument('<name>', 'the host name that it gets')
    .argument('<address>', 'the IPv4 address that the other nodes and this computer reach it by')
    .addOption(
      new Option('--role <role>', 'what it is for')
        .choices(['worker', 'manager', 'balancer'])
        .default('worker'),
    )
    .option('--labels <key=value>', 'of the swarm node; again, or with commas, for more', collect, [])
    .action(async (name: string, address: string, options: AddNodeOptions) =>
      (await import('./node/add.ts')).addNode({ name, address }, options, context),
    );
  addReceiptOptions(addApplyOptions(command.command('promote')))
    .description('make a worker a manager, in the cluster file and in the swarm')
    .argument('<node>', 'its name in the cluster file')
    .action(async (name: string, options: ApplyOptions) =>
      (await import('./node/set-role.ts')).setRole(name, 'manager', options, context),
    );
  addReceiptOptions(addApplyOptions(command.command('demote')))
    .description('make a manager a worker, in the cluster file and in the swarm')
    .argument('<node>', 'its name in the cluster file')
    .action(async (name: string, options: ApplyOptions) =>
      (await import('./node/set-role.ts')).setRole(name, 'worker', options, context),
    );
  addDrainOptions(command.command('remove'))
    .description('drain a node, take it out of the swarm and out of the cluster file')
    .argument('<node>', 'its name in the cluster file')
    .option('--lost', 'its machine is gone: take it out without draining it')
    .action(async (name: string, options: DrainNodeOptions & { lost?: boolean }) =>
      (await import('./node/remove.ts')).removeNode(name, options, context),
    );
}
