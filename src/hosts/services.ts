/** systemd's units and the host's name. */
import { UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import type { Host } from '../remote/host.ts';

const startTimeoutMs = 60_000;
const pauseMs = 200;

/** Runs systemctl as root; throws `CommandError` with its words. */
export async function runSystemctl(host: Host, args: string[]): Promise<void> {
  await host.run({ program: 'systemctl', args, asRoot: true, timeoutMs: 120_000 });
}

/** Enables and starts the engine, and waits until it answers. */
export async function startEngine(host: Host, progress: Progress): Promise<void> {
  progress.report('starting the engine');
  await runSystemctl(host, ['enable', 'docker.service']);
  try {
    await runSystemctl(host, ['start', 'docker.service']);
  } catch (error) {
    throw await explainEngine(host, error);
  }
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    progress.signal.throwIfAborted();
    try {
      await host.engine().ping();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw await explainEngine(host, error);
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

async function explainEngine(host: Host, cause: unknown): Promise<UserError> {
  const { stdout } = await host.run({
    program: 'journalctl',
    args: ['-u', 'docker.service', '-n', '10', '--no-pager', '-o', 'cat'],
    asRoot: true,
    accept: [0, 1],
  });
  return new UserError('the engine does not start', {
    place: { host: host.name },
    details: stdout.split('\n').filter(Boolean),
    next: 'on the host: journalctl -u docker.service; mend it and run the same command again',
    cause,
  });
}

const engineUnits = ['docker.service', 'docker.socket'];

/**
 * Sets the name of the running system and of the next boot (`file` is /etc/hostname; `undefined` for none).
 * A running engine is stopped around it, so that one which is cut off in between is found stopped and started.
 */
export async function setHostname(
  host: Host,
  hostname: string,
  file: string | undefined,
  restartEngine: boolean,
): Promise<void> {
  if (restartEngine) await runSystemctl(host, ['stop', ...engineUnits]);
  if (file === undefined) await host.removeFile('/etc/hostname');
  else await host.writeFile('/etc/hostname', file);
  // Not hostnamectl: it asks a service over the bus, which may not be there.
  await host.run({ program: 'hostname', args: [hostname], asRoot: true });
  if (restartEngine) await runSystemctl(host, ['start', ...engineUnits]);
}
