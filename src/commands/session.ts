/** What the commands that work on a cluster share: their options, the connections, the way results are shown. */
import { type Command, Option } from 'commander';
import type { CommandContext } from '../cli.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { UserError } from '../errors.ts';
import { readSeconds } from '../input/read-seconds.ts';
import { createProgressView } from '../output/progress.ts';
import type { LayerChoice } from '../pipeline/layers.ts';
import type { Interruption, Walk } from '../pipeline/run.ts';
import { nameLayer } from '../plan/change.ts';
import type { Layer } from '../plan/layer.ts';
import type { Hosts } from '../remote/host.ts';
import { createHosts, type HostsOptions } from '../remote/hosts.ts';
import { type ResolveImageMode, resolveImageModes } from '../stack/image-digests.ts';

export interface ClusterOptions {
  file?: string;
  json?: boolean;
}

export interface StackOptions extends ClusterOptions {
  /** Name of the one that is meant. */
  stack?: string;
}

export interface ApplyOptions extends ClusterOptions {
  yes?: boolean;
  /** Made under load, or not, whatever the cluster file says. */
  receipt?: boolean;
  /** Seconds. */
  lockWait?: number;
  keepFailed?: boolean;
  /** `false` for --no-registry-auth. */
  registryAuth?: boolean;
}

export interface ResolveOptions {
  resolveImage?: ResolveImageMode;
}

/** Adds the options that every command on a cluster has. */
export function addClusterOptions(command: Command): Command {
  return command
    .option('-f, --file <cluster.yml>', 'the cluster file', 'cluster.yml')
    .option('--json', 'print the result as JSON');
}

/** Adds the option that says which of several stacks is meant. */
export function addStackOption(command: Command): Command {
  return command.option('--stack <name>', 'which stack, where the cluster has several');
}

/** Adds the options of every command that changes a cluster. */
export function addApplyOptions(command: Command): Command {
  return addClusterOptions(command)
    .option('-y, --yes', 'go ahead without asking')
    .option(
      '--lock-wait <seconds>',
      'how long to wait for another run on the cluster',
      (text: string) => readSeconds('--lock-wait', text),
      300,
    );
}

/** Adds those of every command that brings something to what is wanted, rather than away. */
export function addDeployOptions(command: Command): Command {
  return addReceiptOptions(addUpdateOptions(command));
}

/** The same where clients aren't concerned, so that nothing is measured. */
export function addUpdateOptions(command: Command): Command {
  return addApplyOptions(command)
    .option(
      '--keep-failed',
      'leave a stack that fails as it is, to look at it; without it every service goes back to what it was',
    )
    .option(
      '--no-registry-auth',
      'keep logins at registries out of the swarm; without it services get the login that `docker login` keeps here',
    );
}

/** Adds the option of the commands that plan from the compose file. */
export function addResolveOption(command: Command): Command {
  return command.addOption(
    new Option(
      '--resolve-image <when>',
      'when registries are asked for the digest of an image; changed: when a service gets another image',
    )
      .choices(resolveImageModes)
      .default('changed'),
  );
}

/** The option as the layers take it. */
export function readResolve({ resolveImage }: ResolveOptions): Pick<LayerChoice, 'resolveImage'> {
  return resolveImage === undefined ? {} : { resolveImage };
}

/** Adds the options of commands that are made under load, where somebody answers. */
export function addReceiptOptions(command: Command): Command {
  return command
    .option(
      '--receipt',
      'fail (exit code 1) when a request fails meanwhile, or over the budget of the cluster file',
    )
    .option('--no-receipt', 'send no requests meanwhile to see what clients notice');
}

/** The connections to a cluster's hosts, closed at the end of the block that holds them. */
export function openHosts(
  cluster: Cluster,
  { terminal }: CommandContext,
  watching: Pick<HostsOptions, 'timeouts' | 'onLost' | 'mayAsk'> = {},
): Hosts & AsyncDisposable {
  const hosts = createHosts(cluster, {
    ...watching,
    onTrust: ({ host, fingerprint, file }) =>
      terminal.err(
        `${host}: seen for the first time; its key ${fingerprint} is now trusted (recorded in ${file})\n`,
      ),
    ...(terminal.interactive && {
      askPassphrase: (keyPath: string) => terminal.askHidden(`passphrase of ${keyPath}: `),
    }),
  });
  return { connect: hosts.connect, close: hosts.close, [Symbol.asyncDispose]: hosts.close };
}

/** The walk of a command through the layers, shown on its terminal. */
export function createWalk(layers: Layer[], { terminal, signal }: CommandContext): Walk {
  const view = createProgressView(terminal);
  return { layers, signal, show: (plan, work) => view.show(nameLayer(plan), plan.changes, work) };
}

/** The same, where Ctrl-C asks what is to become of the changes; `dispose` when they are done. */
export function createAskingWalk(layers: Layer[], context: CommandContext): Walk & Disposable {
  const { terminal, interrupts } = context;
  const view = createProgressView(terminal);
  const walk: Walk = {
    layers,
    signal: context.signal,
    show: (plan, work) => view.show(nameLayer(plan), plan.changes, work),
  };
  if (!interrupts || !terminal.interactive) return { ...walk, [Symbol.dispose]: () => {} };
  const stop = new AbortController();
  const interruption = { canTakeBack: false, takeBack: false, leaving: context.signal };
  let asking = false;
  const ask = async (): Promise<void> => {
    if (asking) interrupts.leave(true);
    asking = true;
    const resume = view.pause();
    try {
      const answer = await askInterruption(interruption, terminal);
      if (answer === 'leave') interrupts.leave();
      if (answer === 'back') {
        interruption.takeBack = true;
        stop.abort();
      }
    } catch {
      interrupts.leave(true);
    } finally {
      asking = false;
      resume();
    }
  };
  return {
    ...walk,
    signal: AbortSignal.any([context.signal, stop.signal]),
    interruption,
    [Symbol.dispose]: interrupts.listen(() => void ask()),
  };
}

/** Asks until one of the answers is given; what can't be chosen isn't offered. */
async function askInterruption(
  interruption: Interruption,
  { err, ask, colors }: CommandContext['terminal'],
): Promise<'finish' | 'back' | 'leave'> {
  const canTakeBack = interruption.canTakeBack && !interruption.takeBack;
  err(
    [
      `\n${colors.bold('Interrupted. The changes go on meanwhile.')}`,
      '  f  finish: let the changes go on to their end',
      ...(canTakeBack ? ['  r  roll back: every service as it was before this run'] : []),
      '  l  leave: stop here as it is; the same command goes on later',
      '',
    ].join('\n'),
  );
  for (;;) {
    const answer = (await ask(`${canTakeBack ? 'f, r or l' : 'f or l'}? `)).trim().toLowerCase();
    if (/^f(inish)?$/.test(answer)) return 'finish';
    if (/^l(eave)?$/.test(answer)) return 'leave';
    if (/^(r|roll ?back)$/.test(answer) && interruption.canTakeBack) return 'back';
    if (/^(r|roll ?back)$/.test(answer))
      err('nothing can be rolled back right now: the services are not being changed\n');
  }
}

/** Prints a value as JSON on standard output. */
export function printJson({ terminal }: CommandContext, value: unknown): void {
  terminal.out(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** Asks before anything is changed. Without a terminal to ask on, `--yes` must have been given. */
export async function confirm(
  question: string,
  options: ApplyOptions,
  { terminal }: CommandContext,
): Promise<void> {
  if (options.yes) return;
  if (!terminal.interactive || options.json) {
    throw new UserError('nothing was changed: nobody can be asked here', {
      next: 'add --yes to go ahead without a question',
    });
  }
  const answer = await terminal.ask(`${question} [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw new UserError('nothing was changed: the answer was not yes');
}
