/** An engine takes the configuration that lies in place. */
import type { EngineName } from '../cluster/engine-name.ts';
import { UserError } from '../errors.ts';
import type { Host } from '../remote/host.ts';
import { engineDrivers } from './engine-driver.ts';
import { engines } from './engines.ts';
import { loadUnit } from './units.ts';
import { waitUntil } from './wait.ts';

/** What was begun is ended: what a new process must find would be taken away before it has started. */
const never = new AbortController().signal;

/**
 * Has what a new process must find lie there for as long as the work takes, however that ends. The work returns only when
 * no process is about to start.
 */
export async function whilePrepared<Result>(
  host: Host,
  { engine, config }: { engine: EngineName; config: string },
  work: () => Promise<Result>,
): Promise<Result> {
  const driver = engineDrivers[engine];
  let result: Result;
  try {
    await driver.beforeLoad?.(host, config);
    result = await work();
  } catch (error) {
    await driver.afterLoad?.(host).catch((second: unknown) => {
      // the failure that matters is the first one
      if (!(second instanceof UserError)) throw second;
    });
    throw error;
  }
  await driver.afterLoad?.(host);
  return result;
}

/**
 * Starts an engine, or reloads it, and waits until a new process answers with the digest; false when none does in time. The
 * one before answers on for a moment, perhaps with the same digest.
 *
 * @throws CommandError when systemd refuses.
 */
export async function loadFresh(
  host: Host,
  engine: EngineName,
  { digest, timeoutMs }: { digest: string | undefined; timeoutMs: number },
): Promise<boolean> {
  const { readProcess, readRunningDigest } = engineDrivers[engine];
  const before = await readProcess?.(host);
  await loadUnit(host, engines[engine].unit);
  return waitUntil(
    async () => {
      if ((await readRunningDigest(host)) !== digest) return false;
      return before === undefined || ![before, undefined].includes(await readProcess?.(host));
    },
    { timeoutMs, intervalMs: 50, signal: never },
  );
}
