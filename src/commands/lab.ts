import { Argument, Command, Option } from 'commander';
import type { CommandContext } from '../cli.ts';
import { type ImageChoice, imageChoices } from '../lab/cluster-file.ts';
import { downLab } from '../lab/down.ts';
import { cutNode, healNode, killNode, pauseNode, resumeNode, startNode } from '../lab/faults.ts';
import { findLab, type Lab, labNodes } from '../lab/lab.ts';
import { parseMachineRequest } from '../lab/machine-kind.ts';
import { type Release, releases } from '../lab/record.ts';
import { renderLabStatus } from '../lab/render-status.ts';
import { readLabStatus } from '../lab/status.ts';
import { upLab } from '../lab/up.ts';
import { formatDuration } from '../output/format.ts';
import { showWork } from '../output/show-work.ts';
import type { Progress } from '../plan/layer.ts';

/** `kawanan lab`: machines on this computer to run a cluster on, and to break. */
export function buildCommand(context: CommandContext): Command {
  const command = new Command('lab').addHelpText(
    'after',
    `\nnodes: ${labNodes.map((node) => node.name).join(', ')}`,
  );
  const lab = (): Lab => findLab({ cwd: context.cwd, env: context.env });
  addUp(command, context, lab);
  addDown(command, context, lab);
  addStatus(command, context, lab);
  addFaults(command, context, lab);
  return command;
}

function addUp(command: Command, context: CommandContext, lab: () => Lab): void {
  command
    .command('up')
    .description('make five bare machines on this computer, and a cluster.yml for them')
    .addOption(
      new Option('--release <name>', 'Debian release of the machines; trixie unless told').choices(releases),
    )
    .addOption(
      new Option('--images <which>', 'images of MySQL and MinIO').choices(imageChoices).default('lab'),
    )
    .option(
      '--machines <kinds>',
      "nspawn: containers; uml: kernels of their own for the swarm's nodes; auto: uml where this kernel has no IPVS; or NODE=KIND,…",
    )
    .action(async (options: { release?: Release; images: ImageChoice; machines?: string }) => {
      const startedAt = performance.now();
      const { machines, ...rest } = options;
      const request = machines === undefined ? {} : { machines: parseMachineRequest(machines) };
      const result = await show(context, 'bringing the lab up', (progress) =>
        upLab(lab(), { ...rest, ...request, progress }),
      );
      const took = formatDuration(performance.now() - startedAt);
      context.terminal.out(
        result.changed ? `lab is up after ${took}\n` : 'lab is already up; nothing to do\n',
      );
      if (result.machines) context.terminal.out(`machines: ${result.machines}\n`);
      context.terminal.out(`cluster file ${result.cluster}\n`);
    });
}

function addDown(command: Command, context: CommandContext, lab: () => Lab): void {
  command
    .command('down')
    .description('remove the machines and everything else of the lab but its cache')
    .option('--purge', 'remove the cache, too', false)
    .action(async (options: { purge: boolean }) => {
      const there = await show(context, 'taking the lab down', (progress) =>
        downLab(lab(), { ...options, progress }),
      );
      context.terminal.out(there ? 'lab is down; nothing of it is left\n' : 'there was no lab\n');
    });
}

function addStatus(command: Command, context: CommandContext, lab: () => Lab): void {
  command
    .command('status')
    .description('show the machines: on or off, network, memory')
    .option('--json', 'print the result as JSON', false)
    .action(async (options: { json: boolean }) => {
      const status = await readLabStatus(lab());
      const text = options.json ? `${JSON.stringify(status, null, 2)}\n` : renderLabStatus(status);
      context.terminal.out(text);
    });
}

function addFaults(command: Command, context: CommandContext, lab: () => Lab): void {
  const add = (
    name: string,
    description: string,
    done: string,
    act: (lab: Lab, node: string, progress: Progress, options: { silent?: boolean }) => Promise<void>,
  ): Command =>
    command
      .command(name)
      .description(description)
      .addArgument(new Argument('<node...>', 'names of nodes, or a part that only one has'))
      .action(async (nodes: string[], options: { silent?: boolean }) => {
        await show(context, `${name} ${nodes.join(', ')}`, (progress) =>
          Promise.all(nodes.map((node) => act(lab(), node, progress, options))),
        );
        context.terminal.out(`${nodes.join(', ')} ${done}\n`);
      });
  add('kill', 'power failure: gone at once, the disk stays', 'off', killNode);
  add('start', 'switch on again, with the disk as it was', 'on', startNode);
  add('pause', 'freeze everything that runs on it', 'paused', pauseNode);
  add('resume', 'let it go on', 'resumed', resumeNode);
  add('cut', 'take its network away', 'cut off', cutNode).option(
    '--silent',
    'lose the packets but leave the link up, as a failed switch does',
    false,
  );
  add('heal', 'give its network back', 'back on the network', healNode);
}

function show<T>(
  context: CommandContext,
  title: string,
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  return showWork(context.terminal, title, context.signal, work);
}
