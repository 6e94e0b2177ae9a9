// What monitoring sees of the reference system on the lab, how soon, and what it costs, in one run:
// 1. every query of every panel and alert, under load: how many have samples, and why the others have none;
// 2. the probe's count of its requests against Prometheus' own;
// 3. faults: a worker off, the active balancer off, a service that no node may run: when it shows, which alerts fire, when
//    they end after healing. Times are read in Prometheus afterwards, to the second;
// 4. proxied throughput (closed loop, as much as there is) with monitoring and without it, in turns.
// Brings up a lab of its own and takes it down; one that is up is used, and left with the reference system on it.
// Run: node bench/monitoring.ts [--write: put the result into docs/measurements.md] [rounds of 4, 3]
import { readFile, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { parse, stringify } from 'yaml';
import { loadCluster } from '../src/cluster/load-cluster.ts';
import { startProbe } from '../src/drill/probe/probe.ts';
import type { AlertState, Series, TargetState } from '../src/monitoring/answers.ts';
import type { QueryVerdict } from '../src/monitoring/judge-query.ts';
import { createHosts } from '../src/remote/hosts.ts';
import { prepareTourLoad } from '../stacks/sirip-hiu/tour-load.ts';
import { readTourTarget } from '../stacks/sirip-hiu/tour-target.ts';
import { eventually } from '../test/e2e/support/eventually.ts';
import { describeMachine, renderMarkdownTable, writeSection } from './measurements.ts';
import { kawanan, openLab, root } from './run-program.ts';

const rounds = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? 3);
const patienceMs = 300_000;
/** Each look is a command. */
const pauseMs = 2_000;
const turnMs = 15_000;
const settleMs = 10_000;
const connections = 16;
const lines: string[] = [];
const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
  lines.push(text);
};

await using open = await openLab();
const file = join(open.lab.stateDir, 'monitored.yml');
const settings = parse(await readFile(open.file, 'utf8')) as { stack: { file: string[] }; receipt?: boolean };
settings.stack.file.push(join(root, 'stacks/sirip-hiu/compose.monitoring.yml'));
settings.receipt = false;
await writeFile(file, stringify(settings));
const at = (...args: string[]) => kawanan(...args, '--file', file);
const readJson = async (...args: string[]): Promise<unknown> => {
  const { output } = await at(...args, '--json').catch((error: Error) => ({ output: error.message }));
  return JSON.parse(output.slice(output.indexOf('{\n'))) as unknown;
};

async function readStatus(): Promise<{ targets: TargetState[]; alerts: AlertState[] }> {
  const answer = (await readJson('monitor', 'status')) as { targets?: TargetState[]; alerts?: AlertState[] };
  if (!answer.targets || !answer.alerts) throw new Error(JSON.stringify(answer));
  return { targets: answer.targets, alerts: answer.alerts };
}

async function ask(expr: string): Promise<Series[]> {
  return ((await readJson('monitor', 'query', expr)) as { series: Series[] }).series;
}

/** Waits until all is asked and answers, and no alert fires. */
async function waitForPeace(): Promise<void> {
  await eventually(
    patienceMs,
    async () => {
      const { targets, alerts } = await readStatus();
      const ill = [
        ...targets.filter(({ state }) => state !== 'up').map(({ job, instance }) => `${job} ${instance}`),
        ...alerts.filter(({ state }) => state === 'firing').map(({ name }) => name),
      ];
      if (ill.length > 0) throw new Error(`still not well: ${ill.join(', ')}`);
    },
    pauseMs,
  );
}

async function tellPanels(): Promise<void> {
  const { queries } = (await readJson('monitor', 'panels')) as { queries: QueryVerdict[] };
  const groups = Object.entries(Object.groupBy(queries, ({ group }) => group));
  const count = (all: QueryVerdict[], verdict: QueryVerdict['verdict']): string =>
    String(all.filter((one) => one.verdict === verdict).length);
  print(
    renderMarkdownTable(
      ['dashboard', 'queries', 'with samples', 'empty for a reason', 'missing or refused'],
      groups.map(([group, all = []]) => [
        group,
        String(all.length),
        count(all, 'data'),
        count(all, 'empty'),
        String(all.filter(({ verdict }) => verdict === 'missing' || verdict === 'refused').length),
      ]),
    ),
  );
  const quiet = queries.filter(({ verdict, group }) => verdict !== 'data' && group !== 'alerts');
  const byReason = Object.entries(Object.groupBy(quiet, ({ reason }) => reason ?? '?'));
  const reasons = byReason.map(
    ([why, all = []]) => `${all.map(({ group, name }) => `${group}: ${name}`).join('; ')} (${why})`,
  );
  print(`\nEmpty, besides alerts that don't fire: ${reasons.join(' · ') || 'none'}.\n`);
}

async function tellCount(address: string): Promise<void> {
  const counter = 'haproxy_frontend_http_requests_total{proxy="web"}';
  const read = async (): Promise<{ requests: number; atSeconds: number }> => {
    const since = Date.now() / 1000;
    await eventually(
      patienceMs,
      async () => {
        const [oldest] = await ask(`min(timestamp(${counter}))`);
        if (!oldest || oldest.value <= since) throw new Error('Prometheus has not asked since');
      },
      pauseMs,
    );
    return { requests: (await ask(`sum(${counter})`))[0]!.value, atSeconds: Date.now() / 1000 };
  };
  const before = await read();
  const { figures, warmUp } = await startProbe({
    targets: [{ kind: 'http', name: 'web', url: `http://${address}/login` }],
    ratePerSecond: 50,
    durationMs: 30_000,
  }).finished;
  const after = await read();
  const span = Math.round(after.atSeconds - before.atSeconds);
  const own = (await ask(`sum(count_over_time(probe_success{frontend="web"}[${span}s]))`))[0]!.value;
  const counted = after.requests - before.requests - own;
  const sent = figures.requests + warmUp.requests;
  print(
    `The probe sent ${sent} requests, Prometheus counted ${counted} more (${(((counted - sent) / sent) * 100).toFixed(1)} %).\n`,
  );
}

interface Fault {
  name: string;
  alerts: string[];
  /** What shows it: an expression that has series from then on. */
  shows: string;
  begin(): Promise<unknown>;
  heal(): Promise<unknown>;
}

async function measureFault({ name, alerts, shows, begin, heal }: Fault): Promise<string[]> {
  await waitForPeace();
  const beganAt = Date.now() / 1000;
  await begin();
  await eventually(
    patienceMs,
    async () => {
      const firing = new Set(
        (await readStatus()).alerts.filter(({ state }) => state === 'firing').map((a) => a.name),
      );
      const absent = alerts.filter((alert) => !firing.has(alert));
      if (absent.length > 0) throw new Error(`${name}: ${absent.join(', ')} not fired`);
    },
    pauseMs,
  );
  const healedAt = Date.now() / 1000;
  await heal();
  await waitForPeace();
  const span = Math.ceil(Date.now() / 1000 - beganAt);
  const edge = async (pick: 'min' | 'max', expr: string): Promise<Series[]> =>
    ask(`${pick}_over_time(timestamp(${expr})[${span}s:1s])`);
  const after = (series: Series[], since: number, pick: (...all: number[]) => number): string =>
    series.length === 0 ? '–' : `${(pick(...series.map(({ value }) => value)) - since).toFixed(0)} s`;
  const firing = 'max by (alertname) (ALERTS{alertstate="firing"})';
  const [first, last] = [await edge('min', firing), await edge('max', firing)];
  const of = (series: Series[], alert: string): Series[] =>
    series.filter(({ labels }) => labels['alertname'] === alert);
  const fired = [...new Set(first.map(({ labels }) => labels['alertname']!))];
  return [
    name,
    after(await edge('min', shows), beganAt, Math.min),
    fired.map((alert) => `${alert} ${after(of(first, alert), beganAt, Math.min)}`).join(', '),
    fired.map((alert) => `${alert} ${after(of(last, alert), healedAt, Math.max)}`).join(', '),
    loadavg()[0]!.toFixed(1),
  ];
}

async function forbidService(name: string): Promise<void> {
  const hosts = createHosts(cluster);
  try {
    const engine = (await hosts.connect('vm-dockerswarmmanager')).engine();
    const handle = engine.getService(name);
    const { Version, Spec } = await handle.inspect();
    Spec.TaskTemplate.Placement = {
      ...Spec.TaskTemplate.Placement,
      Constraints: ['node.labels.nowhere == 1'],
    };
    await handle.update({ version: Version.Index, ...Spec });
  } finally {
    await hosts.close();
  }
}

/** Requests a second that were answered, and how many failed. */
async function measureThroughput(origin: string): Promise<{ perSecond: number; failed: number }> {
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const startedAt = performance.now();
  let [answered, failed] = [0, 0];
  const work = async (): Promise<void> => {
    while (performance.now() < startedAt + turnMs) {
      try {
        const { statusCode, body } = await pool.request({ method: 'GET', path: '/login' });
        await body.dump();
        if (statusCode < 500) answered++;
        else failed++;
      } catch {
        failed++;
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  const perSecond = (answered * 1000) / (performance.now() - startedAt);
  await pool.close();
  return { perSecond, failed };
}

async function tellCost(origin: string): Promise<number> {
  const median = (all: number[]): number => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)]!;
  const measured: Record<'with' | 'without', number[]> = { with: [], without: [] };
  const rows: string[][] = [];
  for (let round = 0; round < rounds; round++) {
    // with, without, without, with, …: a computer that warms up or tires favours neither
    for (const turn of round % 2 === 0 ? (['with', 'without'] as const) : (['without', 'with'] as const)) {
      await at('monitor', ...(turn === 'with' ? ['up'] : ['down', '--keep-history']), '--yes');
      await sleep(settleMs);
      const { perSecond, failed } = await measureThroughput(origin);
      measured[turn].push(perSecond);
      rows.push([String(round + 1), turn, perSecond.toFixed(0), String(failed), loadavg()[0]!.toFixed(1)]);
    }
  }
  const ratio = median(measured.with) / median(measured.without);
  print(renderMarkdownTable(['round', 'monitoring', 'requests/s', 'failed', 'load'], rows));
  print(
    `\n${connections} connections, as much as there is: the medians' ratio with / without is ${ratio.toFixed(3)}; at least 0.97 is wanted.`,
  );
  return ratio;
}

await at('up', '--yes');
const cluster = await loadCluster(file);
const target = await readTourTarget(file);
const worker = 'vm-dockerswarmworker2';
const { elapsedMs } = await at('monitor', 'up', '--yes');
const deployedAt = performance.now();
await waitForPeace();
const seconds = (ms: number): string => `${(ms / 1000).toFixed(0)} s`;
const { targets } = await readStatus();
print(
  `${describeMachine()}. \`monitor up\` took ${seconds(elapsedMs)}; ${targets.length} targets, all up ${seconds(performance.now() - deployedAt)} later.\n`,
);

const load = startProbe({
  targets: await prepareTourLoad(target),
  ratePerSecond: 10,
  durationMs: 90_000,
  timeoutMs: 30_000,
});
// rates look back for a minute at most
await sleep(70_000);
await tellPanels();
await load.stop();
await tellCount(target.address);

const holder = ((await readJson('status')) as { vip: { holders: string[] } }).vip.holders[0]!;
const faults: Fault[] = [
  {
    name: 'a worker is off',
    alerts: ['NodeDown', 'BackendThin'],
    shows: `up{job="node",node="${worker}"} == 0`,
    begin: () => kawanan('lab', 'kill', worker),
    heal: () => kawanan('lab', 'start', worker),
  },
  {
    name: 'the active balancer is off',
    alerts: ['NodeDown', 'TargetDown'],
    shows: `up{job="balancer",node="${holder}"} == 0`,
    begin: () => kawanan('lab', 'kill', holder),
    heal: () => kawanan('lab', 'start', holder),
  },
  {
    name: 'no node may run MySQL',
    alerts: ['TaskMissing', 'BackendDown', 'MysqlDown'],
    shows: 'swarm_service_tasks_running{service="mysql"} == 0',
    begin: () => forbidService('sirip-hiu_mysql'),
    heal: () => at('deploy', '--yes'),
  },
];
const rows: string[][] = [];
for (const fault of faults) rows.push(await measureFault(fault));
print(
  renderMarkdownTable(['fault', 'shows after', 'alerts fire after', 'end after healing began', 'load'], rows),
);
print('');

const ratio = await tellCost(`http://${target.address}`);
await at('monitor', 'down', '--yes');
if (process.argv.includes('--write'))
  await writeSection('## Monitoring', `\`node bench/monitoring.ts\`: ${lines.join('\n')}`);
process.exitCode = ratio >= 0.97 ? 0 : 1;
