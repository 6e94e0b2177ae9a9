// What monitoring sees of the reference system on the lab, and how soon, in one run:
// 1. every query of every panel and alert, under load: how many have samples, and why the others have none;
// 2. the probe's count of its requests against Prometheus' own;
// 3. faults: a worker off, the active balancer off, a service that no node may run: when it shows, which alerts fire, when
//    they end after healing. Times are read in Prometheus afterwards, to the second.
// Brings up a lab of its own and takes it down; one that is up is used, and left with the reference system on it.
// Run: node bench/monitoring.ts [--write: put the result into docs/measurements.md]
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProbe } from '../src/drill/probe/probe.ts';
import type { Series } from '../src/monitoring/answers.ts';
import type { QueryVerdict } from '../src/monitoring/judge-query.ts';
import { createHosts } from '../src/remote/hosts.ts';
import { prepareTourLoad } from '../stacks/sirip-hiu/tour-load.ts';
import { readTourTarget } from '../stacks/sirip-hiu/tour-target.ts';
import { describeMachine, renderMarkdownTable, writeSection } from './measurements.ts';
import { openMonitoredLab, patiently } from './monitored-lab.ts';
import { kawanan } from './run-program.ts';

const lines: string[] = [];
const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
  lines.push(text);
};

await using lab = await openMonitoredLab();
const { file, cluster, at, readJson, readStatus, ask, waitForPeace } = lab;

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
    await patiently(async () => {
      const [oldest] = await ask(`min(timestamp(${counter}))`);
      if (!oldest || oldest.value <= since) throw new Error('Prometheus has not asked since');
    });
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
  await patiently(async () => {
    const firing = new Set(
      (await readStatus()).alerts.filter(({ state }) => state === 'firing').map((a) => a.name),
    );
    const absent = alerts.filter((alert) => !firing.has(alert));
    if (absent.length > 0) throw new Error(`${name}: ${absent.join(', ')} not fired`);
  });
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

const target = await readTourTarget(file);
const worker = 'vm-dockerswarmworker2';
const seconds = (ms: number): string => `${(ms / 1000).toFixed(0)} s`;
const { targets } = await readStatus();
print(
  `${describeMachine()}. \`monitor up\` took ${seconds(lab.upMs)}; ${targets.length} targets, all up and no alert firing ${seconds(lab.settledMs)} later.\n`,
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

if (process.argv.includes('--write'))
  await writeSection('## What monitoring sees', `\`node bench/monitoring.ts\`: ${lines.join('\n')}`);
