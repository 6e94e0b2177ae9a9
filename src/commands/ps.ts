import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import { renderTable } from '../output/table.ts';
import { neutralise } from '../output/terminal.ts';
import { type ListedTask, listTasks } from '../stack/list-tasks.ts';
import { findStackOf, type OpenStacks, openStacks } from './open-stack.ts';
import { addClusterOptions, addStackOption, printJson, type StackOptions } from './session.ts';

interface PsOptions extends StackOptions {
  all?: boolean;
}

export function buildCommand(context: CommandContext): Command {
  return addStackOption(addClusterOptions(new Command('ps')))
    .argument(
      '[service]',
      'name in the compose file, or the full name in the swarm; all services unless told',
    )
    .option('-a, --all', 'tasks that have ended, too')
    .action((service: string | undefined, options: PsOptions) => showTasks(service, options, context));
}

async function showTasks(
  service: string | undefined,
  options: PsOptions,
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  await using open = await openStacks(options, context);
  const tasks = await readTasks(service, options.all ?? false, open);
  if (options.json) printJson(context, tasks);
  else if (tasks.length === 0) terminal.out('no tasks\n');
  else terminal.out(renderTable(['TASK', 'STATE', 'NODE', 'SINCE', 'IMAGE', 'ERROR'], tasks.map(renderTask)));
}

async function readTasks(service: string | undefined, all: boolean, open: OpenStacks): Promise<ListedTask[]> {
  if (service !== undefined) {
    const { name, snapshot } = await findStackOf(service, open);
    return listTasks(name, snapshot, { all, service });
  }
  const tasks = open.stacks.map(async ({ name, read }) => listTasks(name, await read(), { all }));
  return (await Promise.all(tasks)).flat();
}

function renderTask(task: ListedTask): string[] {
  const { name, state, desired, node = '', since = '', image, error = '', exitCode } = task;
  const code = exitCode === undefined || error.includes(`(${exitCode})`) ? '' : ` (exit code ${exitCode})`;
  return [
    name,
    state === desired ? state : `${state}, wanted ${desired}`,
    node,
    since.replace(/\.\d+Z$/, 'Z'),
    image,
    `${error}${code}`,
  ].map(neutralise);
}
