import { Command, CommanderError } from 'commander';
import { exitCodes, UserError } from './errors.ts';
import { describeArgument, describeOption, explainPlace, followHelp } from './output/command-line.ts';
import { createTerminal, type Terminal } from './output/terminal.ts';

/** What every command is given. */
export interface CommandContext {
  terminal: Terminal;
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Aborts on SIGINT and SIGTERM. */
  signal: AbortSignal;
  /** Ctrl-C, for a command that asks what it means; absent where nobody can be asked. */
  interrupts?: Interrupts;
  /** Set by a command that ends well with another code than 0 (`plan --detailed-exitcode`). */
  setExitCode(code: number): void;
}

/** Who is told of Ctrl-C instead of the signal of all commands. */
export interface Interrupts {
  /** From now on `handle` is told of each Ctrl-C; the function that is returned ends that. */
  listen(handle: () => void): () => void;
  /** What Ctrl-C does where nobody listens: the signal aborts. `atOnce`: the process ends. */
  leave(atOnce?: boolean): void;
}

/** A module of `commands/`: builds its command with options and action. */
interface CommandModule {
  buildCommand(context: CommandContext): Command;
}

// Each is loaded only when asked for: importing all of them costs a second.
const commands: Record<string, { summary: string; load: () => Promise<CommandModule> }> = {
  init: {
    summary: 'write a cluster.yml and a secrets.yml to start from',
    load: () => import('./commands/init.ts'),
  },
  plan: {
    summary: 'show what up would change, and change nothing',
    load: () => import('./commands/plan.ts'),
  },
  up: { summary: 'make the whole cluster as the files say', load: () => import('./commands/up.ts') },
  deploy: {
    summary: 'bring images, secrets, stacks and balancers up to date, or those of single stacks',
    load: () => import('./commands/deploy.ts'),
  },
  status: {
    summary: 'show nodes, services, balancers and who holds the VIP',
    load: () => import('./commands/status.ts'),
  },
  secrets: {
    summary: 'set, list, encrypt and rotate the values of secrets.yml',
    load: () => import('./commands/secrets.ts'),
  },
  ps: { summary: 'list the tasks of the stacks or of a service', load: () => import('./commands/ps.ts') },
  exec: {
    summary: 'run a command in a task of a service, wherever it runs',
    load: () => import('./commands/exec.ts'),
  },
  logs: { summary: 'print the logs of a service', load: () => import('./commands/logs.ts') },
  history: {
    summary: 'list the applied states of a stack that the swarm keeps',
    load: () => import('./commands/history.ts'),
  },
  rollback: {
    summary: 'bring a stack back to an applied state',
    load: () => import('./commands/rollback.ts'),
  },
  lock: {
    summary: 'keep everyone from changing the cluster; lock status shows who does',
    load: () => import('./commands/lock.ts'),
  },
  unlock: { summary: 'give the lock of the cluster back', load: () => import('./commands/unlock.ts') },
  balancer: {
    summary: 'show the balancers, take servers out of rotation and back',
    load: () => import('./commands/balancer.ts'),
  },
  node: {
    summary: 'take nodes out of service and back, restart, add and remove them',
    load: () => import('./commands/node.ts'),
  },
  doctor: {
    summary: 'check that everything can be reached and nothing is missing',
    load: () => import('./commands/doctor.ts'),
  },
  down: {
    summary: 'remove the stacks, the swarm and what was installed, or single stacks alone',
    load: () => import('./commands/down.ts'),
  },
  monitor: {
    summary: 'watch the cluster with Prometheus, and show what it sees',
    load: () => import('./commands/monitor.ts'),
  },
  lab: { summary: 'machines on this computer to run a cluster on', load: () => import('./commands/lab.ts') },
  dashboard: {
    summary: 'show the cluster live on a page for the browsers of this computer',
    load: () => import('./commands/dashboard.ts'),
  },
  drill: {
    summary: 'break things on purpose under load, and count what clients lose',
    load: () => import('./commands/drill.ts'),
  },
};

/** Runs one command line and returns its exit code; prints everything itself. */
export async function runCli(argv: string[], context: Omit<CommandContext, 'setExitCode'>): Promise<number> {
  const { terminal } = context;
  let exitCode: number = exitCodes.done;
  const full: CommandContext = {
    ...context,
    setExitCode: (code) => {
      exitCode = code;
    },
  };
  const program = new Command('kawanan')
    .description(
      'From bare machines to a highly available Docker Swarm service behind a virtual IP, and back.',
    )
    .version(await readVersion(), '-V, --version')
    .option('-v, --verbose', 'show the cause and the stack of errors');
  const words = argv.filter((word) => !word.startsWith('-'));
  const wanted = words[0] === 'help' ? words[1] : words[0];
  // What stands behind -- is somebody else's.
  const wantsJson = (argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv).includes('--json');
  for (const [name, { summary, load }] of Object.entries(commands)) {
    if (name === wanted) program.addCommand((await load()).buildCommand(full).description(summary));
    else program.command(name).description(summary);
  }
  for (const command of collectCommands(program)) {
    command.exitOverride().configureOutput({ writeOut: terminal.out, writeErr: terminal.err });
    command.configureHelp({ optionDescription: describeOption, argumentDescription: describeArgument });
    command.showHelpAfterError(
      `(${nameFully(command)} --help shows its ${command.commands.length > 0 ? 'commands' : 'options'})`,
    );
  }
  try {
    await program.parseAsync(followHelp(program, argv), { from: 'user' });
    return exitCode;
  } catch (error) {
    // One line, so that those of `logs --json` stay lines.
    const tellJson = (value: unknown): void => {
      if (wantsJson) terminal.out(`${JSON.stringify({ error: value })}\n`);
    };
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.done;
      if (error.code === 'commander.unknownOption') terminal.err(explainPlace(argv, Object.keys(commands)));
      // The help of a family is no failure's text.
      if (error.code !== 'commander.help') tellJson({ message: error.message.replace(/^error: /, '') });
      return exitCodes.badInput;
    }
    const { errorToJson, printError } = await import('./output/print-error.ts');
    printError(error, terminal);
    tellJson(errorToJson(error));
    if (program.opts()['verbose'] && error instanceof UserError)
      terminal.err(`${error.stack}\n${String(error.cause ?? '')}\n`);
    return error instanceof UserError ? error.exitCode : exitCodes.failed;
  }
}

function collectCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(collectCommands)];
}

/** As one types it: `kawanan lab kill`. */
function nameFully(command: Command): string {
  return command.parent ? `${nameFully(command.parent)} ${command.name()}` : command.name();
}

async function readVersion(): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')).version;
}

if (import.meta.main) {
  const interruptPatienceMs = 30_000;
  const interrupt = new AbortController();
  const stop = (): void => {
    // A second Ctrl-C ends us at once; the next run finds what was left half done.
    if (interrupt.signal.aborted) process.exit(exitCodes.interrupted);
    interrupt.abort();
    // What runs is let finish, but not for ever: a machine that hangs must not hold the user's terminal.
    setTimeout(() => process.exit(exitCodes.interrupted), interruptPatienceMs).unref();
  };
  const listeners: (() => void)[] = [];
  const interrupts: Interrupts = {
    listen: (handle) => {
      listeners.push(handle);
      return () => void listeners.splice(listeners.indexOf(handle), 1);
    },
    leave: (atOnce = false) => (atOnce ? process.exit(exitCodes.interrupted) : stop()),
  };
  process.on('SIGINT', () => (interrupt.signal.aborted ? stop : (listeners.at(-1) ?? stop))());
  process.on('SIGTERM', stop);
  const streams = [process.stdout, process.stderr];
  for (const stream of streams) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      // Whoever read along has left (`kawanan logs … | head`): nobody is told any more, so nothing more is begun.
      if (!interrupt.signal.aborted) stop();
    });
  }
  const terminal = createTerminal();
  const context = { terminal, cwd: process.cwd(), env: process.env, signal: interrupt.signal, interrupts };
  process.exitCode = await runCli(process.argv.slice(2), context);
  // The command is done. What it left open must not hold the user's terminal, and what it printed must arrive.
  const leaveAfterMs = 3_000;
  setInterval(() => {
    if (streams.every((stream) => stream.writableLength === 0 || stream.errored)) process.exit();
  }, leaveAfterMs).unref();
}
