import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import { InputError } from '../errors.ts';
import { chooseTask } from '../stack/choose-task.ts';
import { type ExecStreams, execInContainer } from '../stack/exec-in-container.ts';
import { findStackOf, openStacks } from './open-stack.ts';
import { addStackOption } from './session.ts';

interface ExecOptions {
  file?: string;
  stack?: string;
  user?: string;
  workdir?: string;
}

export function buildCommand(context: CommandContext): Command {
  return addStackOption(
    new Command('exec').option('-f, --file <cluster.yml>', 'the cluster file', 'cluster.yml'),
  )
    .option('-u, --user <user>', 'who runs it, as the image knows users')
    .option('-w, --workdir <folder>', 'where it runs')
    .argument('<service>', 'name of a service, or of one of its tasks: web, web.2')
    .argument('[command...]', 'after --: the command and its words')
    .action((service: string, command: string[], options: ExecOptions) =>
      runInTask(service, command, options, context),
    );
}

async function runInTask(
  service: string,
  words: string[],
  options: ExecOptions,
  context: CommandContext,
): Promise<void> {
  // Behind the name of the service commander leaves the dashes among the words.
  const command = words[0] === '--' ? words.slice(1) : words;
  if (command.length === 0)
    throw new InputError({
      message: 'no command is given',
      next: `write e.g. kawanan exec ${service} -- sh -c 'ps -ef'`,
    });
  await using open = await openStacks(options, context);
  const stack = await findStackOf(service, open);
  const task = chooseTask(stack.name, service, stack.snapshot);
  const engine = (await open.hosts.connect(task.node)).engine();
  const { user, workdir } = options;
  const restore = openTerminal();
  try {
    const exitCode = await execInContainer(engine, task.containerId, command, restore.streams, {
      signal: context.signal,
      ...(user !== undefined && { user }),
      ...(workdir !== undefined && { workingDir: workdir }),
    });
    context.setExitCode(exitCode);
  } finally {
    restore.close();
  }
}

/** Our own streams; a terminal is handed over key by key, Ctrl-C included. */
function openTerminal(): { streams: ExecStreams; close: () => void } {
  const { stdin, stdout, stderr } = process;
  if (!stdin.isTTY || !stdout.isTTY) return { streams: { stdin, stdout, stderr }, close: () => {} };
  const listeners: (() => void)[] = [];
  stdin.setRawMode(true);
  return {
    streams: {
      stdin,
      stdout,
      stderr,
      terminal: {
        size: () => ({ columns: stdout.columns, rows: stdout.rows }),
        onResize: (listen) => {
          listeners.push(listen);
          stdout.on('resize', listen);
        },
      },
    },
    close: () => {
      stdin.setRawMode(false);
      for (const listen of listeners) stdout.off('resize', listen);
    },
  };
}
