/** The lab with the reference system, its exporter of MySQL and monitoring on it, for measurements. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Cluster } from '../src/cluster/cluster.ts';
import { loadCluster } from '../src/cluster/load-cluster.ts';
import type { AlertState, Series, TargetState } from '../src/monitoring/answers.ts';
import { eventually } from '../test/e2e/support/eventually.ts';
import { type Finished, kawanan, openLab, root } from './run-program.ts';

const patienceMs = 300_000;
/** Each look is a command. */
const pauseMs = 2_000;

export interface MonitoredLab extends AsyncDisposable {
  file: string;
  cluster: Cluster;
  /** Of `monitor up`, and from its end until every target was up and no alert fired. */
  upMs: number;
  settledMs: number;
  /** Runs kawanan with its cluster file. */
  at(...args: string[]): Promise<Finished>;
  /** What a command prints with `--json`, whatever its exit code. */
  readJson(...args: string[]): Promise<unknown>;
  readStatus(): Promise<{ targets: TargetState[]; alerts: AlertState[] }>;
  /** Puts a query to Prometheus. */
  ask(expr: string): Promise<Series[]>;
  /** Waits until all is asked and answers, and no alert fires. */
  waitForPeace(): Promise<void>;
}

/** Tries until it no longer throws, as long as a busy computer may need. */
export const patiently = (attempt: () => Promise<void>): Promise<void> =>
  eventually(patienceMs, attempt, pauseMs);

/** Brings it all up; a lab that was up is used, and left with the reference system on it. */
export async function openMonitoredLab(): Promise<MonitoredLab> {
  const open = await openLab();
  const file = join(open.lab.stateDir, 'monitored.yml');
  const settings = parse(await readFile(open.file, 'utf8')) as {
    stack: { file: string[] };
    receipt?: boolean;
  };
  settings.stack.file.push(join(root, 'stacks/sirip-hiu/compose.monitoring.yml'));
  settings.receipt = false;
  await writeFile(file, stringify(settings));
  const at = (...args: string[]) => kawanan(...args, '--file', file);
  const readJson = async (...args: string[]): Promise<unknown> => {
    const { output } = await at(...args, '--json').catch((error: Error) => ({ output: error.message }));
    return JSON.parse(output.slice(output.indexOf('{\n'))) as unknown;
  };
  const readStatus: MonitoredLab['readStatus'] = async () => {
    const answer = (await readJson('monitor', 'status')) as Partial<
      Awaited<ReturnType<MonitoredLab['readStatus']>>
    >;
    if (!answer.targets || !answer.alerts) throw new Error(JSON.stringify(answer));
    return { targets: answer.targets, alerts: answer.alerts };
  };
  const waitForPeace = (): Promise<void> =>
    patiently(async () => {
      const { targets, alerts } = await readStatus();
      const ill = [
        ...targets.filter(({ state }) => state !== 'up').map(({ job, instance }) => `${job} ${instance}`),
        ...alerts.filter(({ state }) => state === 'firing').map(({ name }) => name),
      ];
      if (ill.length > 0) throw new Error(`still not well: ${ill.join(', ')}`);
    });
  await at('up', '--yes');
  const { elapsedMs: upMs } = await at('monitor', 'up', '--yes');
  const deployedAt = performance.now();
  await waitForPeace();
  return {
    file,
    cluster: await loadCluster(file),
    upMs,
    settledMs: performance.now() - deployedAt,
    at,
    readJson,
    readStatus,
    ask: async (expr) => ((await readJson('monitor', 'query', expr)) as { series: Series[] }).series,
    waitForPeace,
    async [Symbol.asyncDispose]() {
      await at('monitor', 'down', '--yes');
      await open[Symbol.asyncDispose]();
    },
  };
}
