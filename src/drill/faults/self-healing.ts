/** Machines that heal themselves: a timer of theirs that undoes a fault, should nobody be left to do it. */
import { type Command, renderCommandLine } from '../../remote/command.ts';
import type { Host } from '../../remote/host.ts';
import { onHost, type Stage } from '../stage.ts';

const unitPrefix = 'kawanan-heal-';

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
    await host.run({
      program: 'systemctl',
      args: ['stop', `${unitPrefix}${name}.timer`],
      asRoot: true,
      accept: [0, 1, 5],
    });
  });
}

/** Has a machine undo at once what drills that were killed left on it; says what that was. */
export async function healLeftovers(host: Host): Promise<string[]> {
  const { stdout } = await host.run({
    program: 'systemctl',
    args: ['list-units', '--plain', '--no-legend', '--type=timer', `${unitPrefix}*`],
    asRoot: true,
    accept: [0, 1],
  });
  const names = [...stdout.matchAll(/^(\S+)\.timer/gm)].map((match) => match[1]!);
  for (const name of names) {
    await host.run({
      program: 'systemctl',
      args: ['start', `${name}.service`],
      asRoot: true,
      accept: [0, 1, 5],
    });
    await host.run({
      program: 'systemctl',
      args: ['stop', `${name}.timer`],
      asRoot: true,
      accept: [0, 1, 5],
    });
  }
  return names.map((name) => name.slice(unitPrefix.length));
}
