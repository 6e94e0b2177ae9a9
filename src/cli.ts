import { Command, CommanderError } from 'commander';
import { exitCodes, UserError } from './errors.ts';
import { createTerminal, type Terminal } from './output/terminal.ts';

/** What every command is given. */
export interface CommandContext {
  terminal: Terminal;
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Aborts on SIGINT and SIGTERM. */
  signal: AbortSignal;
  /** Set by a command that ends well with another code than 0 (`plan --detailed-exitcode`). */
  setExitCode(code: number): void;
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
    summary: 'bring images, secrets, stack and balancers up to date',
    load: () => import('./commands/deploy.ts'),
  },
  status: {
    summary: 'show nodes, services, balancers and who holds the VIP',
    load: () => import('./commands/status.ts'),
  },
  secrets: {
    summary: 'set, edit, list and encrypt the values of secrets.yml',
    load: () => import('./commands/secrets.ts'),
  },
  logs: { summary: 'print the logs of a service', load: () => import('./commands/logs.ts') },
  doctor: {
    summary: 'check that everything can be reached and nothing is missing',
    load: () => import('./commands/doctor.ts'),
  },
  down: {
    summary: 'remove the stack, the swarm and what was installed',
    load: () => import('./commands/down.ts'),
  },
  lab: { summary: 'machines on this computer to run a cluster on', load: () => import('./commands/lab.ts') },
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
    .option('-v, --verbose', 'show the cause and the stack of errors')
    .enablePositionalOptions()
    .showHelpAfterError('(kawanan --help shows all commands)');
  const wanted = argv.find((word) => !word.startsWith('-'));
  for (const [name, { summary, load }] of Object.entries(commands)) {
    if (name === wanted) program.addCommand((await load()).buildCommand(full).description(summary));
    else program.command(name).description(summary);
  }
  for (const command of collectCommands(program)) {
    command.exitOverride().configureOutput({ writeOut: terminal.out, writeErr: terminal.err });
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.badInput;
    const { printError } = await import('./output/print-error.ts');
    printError(error, terminal);
    if (program.opts()['verbose'] && error instanceof UserError)
      terminal.err(`${error.stack}\n${String(error.cause ?? '')}\n`);
    return error instanceof UserError ? error.exitCode : exitCodes.failed;
  }
}

function collectCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(collectCommands)];
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
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const terminal = createTerminal();
  const context = { terminal, cwd: process.cwd(), env: process.env, signal: interrupt.signal };
  process.exitCode = await runCli(process.argv.slice(2), context);
}
