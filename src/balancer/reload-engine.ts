import type { EngineName } from '../cluster/engine-name.ts';
import { UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import type { Host } from '../remote/host.ts';
import { engineDrivers } from './engine-driver.ts';
import { engines } from './engines.ts';
import { readSeal } from './seal.ts';
import { loadUnit, readJournal } from './units.ts';
import { waitUntil } from './wait.ts';

const answerTimeoutMs = 10_000;

/**
 * Replaces the running engine by a fresh process with the same configuration. The old one takes nothing new, tells
 * clients with kept connections to close them after their next answer, and ends when all have gone.
 *
 * @throws UserError when the fresh process doesn't answer.
 */
export async function reloadEngine(host: Host, engine: EngineName, { signal }: Progress): Promise<void> {
  const { configPath, title, unit } = engines[engine];
  const driver = engineDrivers[engine];
  const config = (await host.readFile(configPath)) ?? '';
  await driver.beforeLoad?.(host, config);
  await loadUnit(host, unit);
  const answers = await waitUntil(async () => (await driver.readRunningDigest(host)) === readSeal(config), {
    timeoutMs: answerTimeoutMs,
    intervalMs: 100,
    signal,
  });
  if (!answers)
    throw new UserError(`${title} doesn't answer after a reload`, {
      place: { host: host.name },
      details: await readJournal(host, unit),
      next: 'run kawanan up: it puts the configuration right',
    });
  await driver.afterLoad?.(host);
}
