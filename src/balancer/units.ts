import type { Host } from '../remote/host.ts';
import { CommandError } from '../remote/remote-errors.ts';

/** Lets systemd read its units' files anew. */
export async function reloadSystemd(host: Host): Promise<void> {
  await host.run({ program: 'systemctl', args: ['daemon-reload'], asRoot: true });
}

/**
 * Makes a unit start at boot, and start or take its new configuration now; by a new process where it is to `restart`.
 * Throws `CommandError` when it refuses.
 */
export async function loadUnit(host: Host, unit: string, { restart = false } = {}): Promise<void> {
  // a unit that failed too often isn't started again until its failures are forgotten
  await host.run({ program: 'systemctl', args: ['reset-failed', unit], asRoot: true, accept: [0, 1, 5] });
  await host.run({ program: 'systemctl', args: ['enable', '--quiet', unit], asRoot: true });
  const verb = restart ? 'restart' : 'reload-or-restart';
  await host.run({ program: 'systemctl', args: [verb, unit], asRoot: true });
}

/** Whether systemd says that a unit is active. */
export async function isActive(host: Host, unit: string): Promise<boolean> {
  const { stdout } = await host.run({
    program: 'systemctl',
    args: ['show', '--value', '-p', 'ActiveState', unit],
    asRoot: true,
  });
  return stdout.trim() === 'active';
}

/** `ActiveState UnitFileState`, e.g. `active enabled`. */
export async function readUnitState(host: Host, unit: string): Promise<string> {
  const read = async (property: string): Promise<string> =>
    (
      await host.run({ program: 'systemctl', args: ['show', '--value', '-p', property, unit], asRoot: true })
    ).stdout.trim();
  return `${await read('ActiveState')} ${await read('UnitFileState')}`;
}

/** The last lines of a unit's journal, for error messages; none when the journal can't be read. */
export async function readJournal(host: Host, unit: string): Promise<string[]> {
  try {
    const { stdout } = await host.run({
      program: 'journalctl',
      args: ['-u', unit, '-n', '10', '-o', 'cat', '--no-pager'],
      asRoot: true,
    });
    return stdout.trim().split('\n');
  } catch (error) {
    if (error instanceof CommandError) return [];
    throw error;
  }
}
