import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineName } from '../cluster/engine-name.ts';
import { UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import type { Host } from '../remote/host.ts';
import { CommandError } from '../remote/remote-errors.ts';
import type { SecretValue } from '../secrets/secret-value.ts';
import type { BalancerModel } from './backends.ts';
import { leaveDropInPath } from './displace-engine.ts';
import { engineDrivers } from './engine-driver.ts';
import type { PartFile } from './engine-files.ts';
import { watchCommand, watchPathIn, watchUnitOf } from './engine-watch.ts';
import { engines } from './engines.ts';
import { keepPrevious } from './keep-previous.ts';
import { loadFresh, whilePrepared } from './load-engine.ts';
import { type FrontendAnswers, listWorse, probeFrontends } from './probe-frontends.ts';
import { readSeal } from './seal.ts';
import { loadUnit, readJournal, reloadSystemd } from './units.ts';
import { waitUntil } from './wait.ts';

const answerTimeoutMs = 10_000;
const settleMs = 2_000;

export interface EngineFilesToApply {
  engine: EngineName;
  files: PartFile[];
  /** Removed once nothing runs with them. */
  obsolete: string[];
  /** Only servers differ, and the running process can be told so: no reload, unless it refuses. */
  serversOnly: boolean;
  /** What is asked of the frontends before and after. */
  model: BalancerModel;
  /** How long the new configuration may take to answer; 10,000 unless told. */
  answerWithinMs?: number;
  /** The private key of a certificate, by its fingerprint. */
  findKey: (fingerprint: string) => SecretValue | undefined;
}

/**
 * Puts an engine's files on a balancer and has them run, without losing a connection.
 * A configuration that the engine refuses never takes the old one's place; one that nothing answers with is taken back.
 */
export async function applyEngine(host: Host, wanted: EngineFilesToApply, progress: Progress): Promise<void> {
  const { engine, files, obsolete, findKey, model, answerWithinMs = answerTimeoutMs } = wanted;
  const { configPath } = engines[engine];
  const driver = engineDrivers[engine];
  const config = files.find((file) => file.path === configPath)!;
  await keepPrevious(host, engine);
  const previous = await host.readFile(configPath);
  const answers = await probeFrontends(host, model);
  for (const file of files.filter((one) => one !== config))
    await host.writeFile(file.path, readContent(file, findKey), { mode: file.mode });
  // left behind where a run was killed while this engine was taken away
  await host.removeFile(leaveDropInPath(engine));
  await reloadSystemd(host);

  await whilePrepared(host, { engine, config: config.content }, async () => {
    progress.report('checking the configuration');
    await writeChecked(host, engine, config);
    const change = { before: previous ?? '', after: config.content };
    if (wanted.serversOnly && (await driver.changeServers?.(host, change, progress))) return;
    progress.report('reloading');
    await loadAndConfirm(host, engine, {
      config: config.content,
      previous,
      progress,
      model,
      answers,
      answerWithinMs,
    });
  });
  if (files.some(({ path }) => path === watchPathIn(engines[engine].folder))) await startWatch(host, engine);
  for (const path of obsolete) await host.removeFile(path);
}

/** An engine that ran before us has none, and one that reloads starts none. */
async function startWatch(host: Host, engine: EngineName): Promise<void> {
  const [program, ...args] = watchCommand(engine);
  await host.run({ program: 'systemctl', args: ['stop', watchUnitOf(engine)], asRoot: true, accept: [0, 5] });
  await host.run({ program: program!, args, asRoot: true });
}

function readContent(
  { path, content, keyOf }: PartFile,
  findKey: EngineFilesToApply['findKey'],
): string | Uint8Array {
  if (keyOf === undefined) return content;
  const key = findKey(keyOf);
  if (!key) throw new Error(`no private key for ${path}`);
  return key.reveal();
}

async function writeChecked(host: Host, engine: EngineName, config: PartFile): Promise<void> {
  try {
    await host.writeFile(config.path, config.content, {
      mode: config.mode,
      check: engineDrivers[engine].checkCommand,
    });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new UserError(
      `${engines[engine].title} refuses the new configuration; the one that runs is untouched`,
      {
        place: { host: host.name },
        details: error.details,
        next: 'run kawanan plan to see what would change; this is probably a mistake in kawanan, please report it',
        cause: error,
      },
    );
  }
}

interface Load {
  config: string;
  /** Absent: there was no configuration. */
  previous: string | undefined;
  progress: Progress;
  answerWithinMs: number;
  model: BalancerModel;
  /** Of the frontends, before. */
  answers: FrontendAnswers;
}

async function loadAndConfirm(host: Host, engine: EngineName, load: Load): Promise<void> {
  const failure = await tryLoad(host, engine, load);
  if (failure === undefined) return;
  const { title, unit } = engines[engine];
  const journal = `journalctl -u ${unit.replace('.service', '')}`;
  const details = await readJournal(host, unit);
  const isBack = await putBack(host, engine, load);
  const back = isBack ? 'is back' : 'was put back, and no process answers with it, either';
  throw new UserError(`${title} doesn't run with the new configuration: ${failure}`, {
    place: { host: host.name },
    details,
    next:
      load.previous === undefined
        ? `look at it on the host: ${journal}`
        : `the previous configuration ${back}; look at it on the host: ${journal}`,
  });
}

async function tryLoad(
  host: Host,
  engine: EngineName,
  { config, progress, model, answers, answerWithinMs }: Load,
): Promise<string | undefined> {
  let runs = false;
  try {
    runs = await loadFresh(host, engine, { digest: readSeal(config), timeoutMs: answerWithinMs });
  } catch (error) {
    if (error instanceof CommandError) return error.message;
    throw error;
  }
  if (!runs) return `no process answered with it within ${answerWithinMs / 1000} s`;
  progress.report('asking its frontends');
  // A check that fails now takes its server away only after the second time.
  if (Object.keys(answers).length > 0) await sleep(Math.min(settleMs, answerWithinMs));
  let worse: string[] = [];
  await waitUntil(
    async () => {
      worse = listWorse(answers, await probeFrontends(host, model));
      return worse.length === 0;
    },
    { timeoutMs: answerWithinMs, intervalMs: 250, signal: progress.signal },
  );
  return worse.length > 0 ? worse.join('; ') : undefined;
}

/** Whether it is known to run again. */
async function putBack(host: Host, engine: EngineName, { previous, answerWithinMs }: Load): Promise<boolean> {
  const { configPath, unit } = engines[engine];
  if (previous === undefined) {
    await host.removeFile(configPath);
    return false;
  }
  await host.writeFile(configPath, previous);
  const digest = readSeal(previous);
  // one that isn't ours reads nothing that we prepared, and may have nowhere to ask
  const load =
    digest === undefined
      ? loadUnit(host, unit).then(() => true)
      : loadFresh(host, engine, { digest, timeoutMs: answerWithinMs });
  return load.catch((error: unknown) => {
    // the failure that matters is the one we are about to report
    if (!(error instanceof CommandError)) throw error;
    return false;
  });
}
