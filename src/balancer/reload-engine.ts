import type { EngineName } from '../cluster/engine-name.ts';
import { UserError } from '../errors.ts';
import type { Host } from '../remote/host.ts';
import { engines } from './engines.ts';
import { loadFresh, whilePrepared } from './load-engine.ts';
import { readSeal } from './seal.ts';
import { readJournal } from './units.ts';

const answerTimeoutMs = 10_000;

/**
 * Replaces the running engine by a fresh process with the same configuration. The old one takes nothing new, tells
 * clients with kept connections to close them after their next answer, and ends when all have gone.
 *
 * @throws UserError when the fresh process doesn't answer.
 */
export async function reloadEngine(host: Host, engine: EngineName): Promise<void> {
  const { configPath, title, unit } = engines[engine];
  const config = (await host.readFile(configPath)) ?? '';
  const digest = readSeal(config);
  await whilePrepared(host, { engine, config }, async () => {
    if (await loadFresh(host, engine, { digest, timeoutMs: answerTimeoutMs })) return;
    throw new UserError(`${title} doesn't answer after a reload`, {
      place: { host: host.name },
      details: await readJournal(host, unit),
      next: 'run kawanan up: it puts the configuration right',
    });
  });
}
