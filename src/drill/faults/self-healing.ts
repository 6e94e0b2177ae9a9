/** Machines that heal themselves: a timer of theirs that undoes a fault, should nobody be left to do it. */
import { type Command, renderCommandLine } from '../../remote/command.ts';
import type { Host } from '../../remote/host.ts';
import { onHost, type Stage } from '../stage.ts';

const unitPrefix = 'kawanan-heal-';
/** Units that are a fault themselves: it lasts as long as they do. */
const faultPrefix = 'kawanan-drill-';

/** Undoes a fault after this long, unless {@link healNow} has done it before. Set before the fault strikes. */
export async function setHealTimer(host: Host, name: string, undo: Command, afterMs: number): Promise<void> {
  await host.run({
    program: 'systemd-run',
    args: [
      '--quiet',
      '--collect',
      `--unit=${unitPrefix}${name}`,
      `--on-active=${Math.ceil(afterMs / 1000)}s`,
      '--timer-property=AccuracySec=100ms',
      'sh',
      '-c',
      renderCommandLine(undo, 'root'),
    ],
    asRoot: true,
  });
}

/** Undoes a fault and forgets the timer. */
export async function healNow(
  stage: Pick<Stage, 'cluster'>,
  node: string,
  name: string,
  undo: Command,
): Promise<void> {
  await onHost(stage, node, async (host) => {
    await host.run({ ...undo, asRoot: true, accept: [0, 1, 2, 3, 4, 5] });
    await systemctl(host, 'stop', `${unitPrefix}${name}.timer`);
  });
}

/** Starts a fault that lasts as long as this program does, `atMostMs` at the most. */
export async function startFault(
  host: Host,
  name: string,
  { script, args, atMostMs }: { script: string; args: string[]; atMostMs: number },
): Promise<void> {
  await host.run({
    program: 'systemd-run',
    args: [
      '--quiet',
      '--collect',
      `--unit=${faultPrefix}${name}`,
      `--property=RuntimeMaxSec=${Math.ceil(atMostMs / 1000)}`,
      'sh',
      '-c',
      script,
      'sh',
      ...args,
    ],
    asRoot: true,
  });
}

/** Ends such a fault. */
export function stopFault(stage: Pick<Stage, 'cluster'>, node: string, name: string): Promise<void> {
  return onHost(stage, node, (host) => systemctl(host, 'stop', `${faultPrefix}${name}.service`));
}

/** Has a machine undo at once what drills that were killed left on it; says what that was. */
export async function undoLeftovers(host: Host): Promise<string[]> {
  const { stdout } = await host.run({
    program: 'systemctl',
    args: [
      'list-units',
      '--plain',
      '--no-legend',
      '--type=timer,service',
      `${unitPrefix}*`,
      `${faultPrefix}*`,
    ],
    asRoot: true,
    accept: [0, 1],
  });
  const list = (prefix: string, kind: string): string[] =>
    [...stdout.matchAll(/^(\S+)\.(timer|service)\s/gm)]
      .filter((match) => match[2] === kind && match[1]!.startsWith(prefix))
      .map((match) => match[1]!.slice(prefix.length));
  const [undone, ended] = [list(unitPrefix, 'timer'), list(faultPrefix, 'service')];
  for (const name of ended) await systemctl(host, 'stop', `${faultPrefix}${name}.service`);
  for (const name of undone) {
    await systemctl(host, 'start', `${unitPrefix}${name}.service`);
    await systemctl(host, 'stop', `${unitPrefix}${name}.timer`);
  }
  return [...ended, ...undone];
}

/** Whether it was there or not. */
async function systemctl(host: Host, verb: 'start' | 'stop', unit: string): Promise<void> {
  await host.run({ program: 'systemctl', args: [verb, unit], asRoot: true, accept: [0, 1, 5] });
}
