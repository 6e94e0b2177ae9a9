import { UserError } from '../../errors.ts';
import type { Progress } from '../../plan/layer.ts';
import type { Host } from '../../remote/host.ts';
import { CommandError } from '../../remote/remote-errors.ts';
import { keepPrevious } from '../keep-previous.ts';
import { haproxyConfigPath, type PartFile, partUnits } from '../parts.ts';
import { readSeal } from '../seal.ts';
import { loadUnit, readJournal, reloadSystemd } from '../units.ts';
import { waitUntil } from '../wait.ts';
import { serverStatePath } from './render-haproxy.ts';
import { askHaproxy, readRunningDigest } from './runtime-api.ts';
import { emptyServerState, pickServerState } from './server-state.ts';

const unit = partUnits.haproxy;
const answerTimeoutMs = 10_000;

/**
 * Puts HAProxy's files on a balancer and has them run, without losing a connection.
 * A configuration that HAProxy refuses never takes the old one's place; one that nothing answers with is taken back.
 */
export async function applyHaproxy(host: Host, files: PartFile[], progress: Progress): Promise<void> {
  const config = files.find((file) => file.path === haproxyConfigPath)!;
  await keepPrevious(host, 'haproxy');
  const previous = await host.readFile(haproxyConfigPath);
  for (const file of files.filter((one) => one !== config))
    await host.writeFile(file.path, file.content, { mode: file.mode });
  await reloadSystemd(host);

  progress.report('checking the configuration');
  await saveServerState(host, config.content);
  await writeChecked(host, config);
  progress.report('reloading');
  await loadAndConfirm(host, config.content, previous, progress);
  // what was true at this reload must not be believed at a later start
  await host.writeFile(serverStatePath, emptyServerState);
}

async function writeChecked(host: Host, config: PartFile): Promise<void> {
  try {
    await host.writeFile(config.path, config.content, {
      mode: config.mode,
      check: (newPath) => ({ program: 'haproxy', args: ['-c', '-f', newPath], asRoot: true }),
    });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new UserError('HAProxy refuses the new configuration; the one that runs is untouched', {
      place: { host: host.name },
      details: error.details,
      next: 'run kawanan plan to see what would change; this is probably a mistake in kawanan, please report it',
      cause: error,
    });
  }
}

/** So that a server that is down or drained stays so in the new process, instead of being tried once more by clients. */
async function saveServerState(host: Host, config: string): Promise<void> {
  const running = (await readRunningDigest(host)) !== undefined;
  const state = running
    ? pickServerState(await askHaproxy(host, 'show servers state'), config)
    : emptyServerState;
  await host.writeFile(serverStatePath, state);
}

async function loadAndConfirm(
  host: Host,
  config: string,
  previous: string | undefined,
  progress: Progress,
): Promise<void> {
  const failure = await load(host, config, progress);
  if (failure === undefined) return;
  const details = await readJournal(host, unit);
  await putBack(host, previous);
  throw new UserError(`HAProxy doesn't run with the new configuration: ${failure}`, {
    place: { host: host.name },
    details,
    next:
      previous === undefined
        ? 'look at it on the host: journalctl -u haproxy'
        : 'the previous configuration is back; look at it on the host: journalctl -u haproxy',
  });
}

async function load(host: Host, config: string, progress: Progress): Promise<string | undefined> {
  try {
    await loadUnit(host, unit);
  } catch (error) {
    if (error instanceof CommandError) return error.message;
    throw error;
  }
  const wanted = readSeal(config);
  const answers = await waitUntil(async () => (await readRunningDigest(host)) === wanted, {
    timeoutMs: answerTimeoutMs,
    intervalMs: 50,
    signal: progress.signal,
  });
  return answers ? undefined : `no process answered with it within ${answerTimeoutMs / 1000} s`;
}

async function putBack(host: Host, previous: string | undefined): Promise<void> {
  if (previous === undefined) return host.removeFile(haproxyConfigPath);
  await host.writeFile(haproxyConfigPath, previous);
  await loadUnit(host, unit).catch((error: unknown) => {
    // the failure that matters is the one we are about to report
    if (!(error instanceof CommandError)) throw error;
  });
}
