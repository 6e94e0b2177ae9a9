// The same image reached both ways: published through the ingress mesh and updated as a file brought from elsewhere has it,
// and published by mode: host as the reference stack has it, updated blue-green. How fast, who answers, and what a client
// loses when it is deployed anew, a task is killed, a worker or a balancer loses its power. On machines with kernels of
// their own (--machines uml) both ways; on ordinary ones, whose kernel may have no IPVS, only past the mesh.
// Brings up a lab of its own and takes it down (one that is up is used and left).
// Run: node bench/ingress.ts --machines uml|nspawn [--write: put the table into docs/measurements.md] [rows whose names match this expression]
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { healLeftovers } from '../src/drill/heal-leftovers.ts';
import type { ProbeTarget } from '../src/drill/probe/options.ts';
import type { ProbeResult } from '../src/drill/probe/probe.ts';
import { runDrill } from '../src/drill/run-drill.ts';
import type { Drill } from '../src/drill/scenario/drill.ts';
import type { Stage } from '../src/drill/stage.ts';
import { renderTable } from '../src/output/table.ts';
import { openBenchStage } from './bench-stage.ts';
import { drillOfCatalogue, drillOfCommand } from './drill-of.ts';
import { describeMachine, renderMarkdownTable, writeSection } from './measurements.ts';
import { kawanan, openLab, root } from './run-program.ts';

const words = process.argv.slice(2);
const machines = words[words.indexOf('--machines') + 1] ?? '';
if (!['uml', 'nspawn'].includes(machines)) throw new Error('say --machines uml or --machines nspawn');
const write = words.includes('--write');
const only = words.find((word) => !word.startsWith('--') && word !== machines) ?? '';
// What three kernels of their own on two processors answer in time; 50 they don't.
const ratePerSecond = 10;
/** For a computer whose machines take half a minute to start a container. */
const settleMs = machines === 'uml' ? 40_000 : 15_000;

type Way = 'mesh' | 'host';
const ways: readonly Way[] = machines === 'uml' ? ['mesh', 'host'] : ['host'];
const listen: Record<Way, number> = { mesh: 81, host: 82 };
const version: Record<Way, number> = { mesh: 1, host: 1 };

function renderStack(): string {
  const common = {
    image: 'answering',
    build: join(root, 'test/e2e/support/answering'),
    networks: ['net'],
  };
  const environment = (way: Way): object => ({ SERVER: `{{.Task.Slot}}`, VERSION: String(version[way]) });
  const placement = { constraints: ['node.role == worker'] };
  const services = {
    mesh: {
      ...common,
      environment: environment('mesh'),
      ports: ['8001:8000'],
      deploy: { replicas: 2, placement },
    },
    host: {
      ...common,
      environment: environment('host'),
      ports: [{ target: 8000, published: 8002, mode: 'host' }],
      deploy: {
        replicas: 2,
        endpoint_mode: 'dnsrr',
        placement: { ...placement, max_replicas_per_node: 1 },
        update_config: { monitor: '2s' },
      },
    },
  };
  const frontends = {
    mesh: { listen: 81, service: 'mesh' },
    host: {
      listen: 82,
      service: 'host',
      check: 'GET /healthz',
      // as for servers that are slow at times: a container that starts takes a machine's only processor
      timeouts: { retry: '5s', check: '2s' },
      update: 'blue-green',
    },
  };
  const pick = (all: Record<Way, object>): Record<string, object> =>
    Object.fromEntries(ways.map((way) => [way, all[way]]));
  return stringify({
    'x-balancer': pick(frontends),
    services: pick(services),
    networks: { net: { driver: 'overlay' } },
  });
}

const controller = new AbortController();
process.once('SIGINT', () => controller.abort());
await using lab = await openLab(['--machines', machines]);
process.env['KAWANAN_LAB'] = lab.lab.stateDir;
const folder = await mkdtemp(join(lab.lab.stateDir, 'bench-'));
const file = join(folder, 'cluster.yml');
const composeFile = join(folder, 'compose.yml');

/** Drills strike the first service. */
async function openBench(way: Way): Promise<Stage> {
  const stage = await openBenchStage(file, controller.signal);
  const services = stage.services.toSorted((a, b) => Number(b.key === way) - Number(a.key === way));
  return { ...stage, services };
}

function chooseTargets(address: string, way: Way): ProbeTarget[] {
  const common = {
    kind: 'http' as const,
    url: `http://${address}:${listen[way]}/`,
    serverHeader: 'x-server',
  };
  return [
    { ...common, name: 'GET', weight: 2 },
    { ...common, name: 'GET, new connection', connection: 'new', weight: 2 },
    { ...common, name: 'POST', method: 'POST', body: 'x'.repeat(2_000), weight: 1 },
  ];
}

const rows: { name: string; drill: Drill; prepare?: (way: Way) => Promise<void> }[] = [
  { name: 'nothing', drill: { ...drillOfCommand('nothing', '--version'), settleMs: 20_000 } },
  // before the update, after which the green service is the one that serves
  { name: 'task killed', drill: { ...drillOfCatalogue('task-killed'), settleMs } },
  {
    name: 'deployed anew',
    drill: { ...drillOfCommand('deploy', 'deploy', '--yes', '--no-receipt'), settleMs: 10_000 },
    prepare: async (way) => {
      version[way]++;
      await writeFile(composeFile, renderStack());
    },
  },
  { name: 'active balancer off', drill: { ...drillOfCatalogue('balancer-off'), settleMs: 10_000 } },
  { name: 'worker off', drill: { ...drillOfCatalogue('worker-off'), settleMs } },
];

const header = ['what', 'way', 'failed', 'of', 'longest gap', 'p50', 'p99', 'answered by', 'load'];

function summarise(name: string, way: Way, probe: ProbeResult | undefined, reason: string): string[] {
  if (!probe) return [name, way, reason, '', '', '', '', '', ''];
  const { figures, records } = probe;
  const failed = records.filter(({ failure }) => failure !== null);
  const writes = failed.filter(({ target }) => target.startsWith('POST')).length;
  const served: Record<string, number> = {};
  for (const { server } of records) if (server) served[server] = (served[server] ?? 0) + 1;
  const ms = (value: number | undefined): string => (value === undefined ? '–' : `${value.toFixed(0)} ms`);
  return [
    name,
    way === 'mesh' ? 'mesh' : 'mode: host',
    failed.length === 0 ? '0' : `${failed.length - writes} GET, ${writes} POST`,
    records.length.toLocaleString('en'),
    ms(figures.longestGap?.ms),
    ms(figures.latencyMs?.p50),
    ms(figures.latencyMs?.p99),
    Object.values(served).join(' / '),
    loadavg()[0]!.toFixed(1),
  ];
}

const table: string[][] = [];
try {
  const settings = parse(await readFile(lab.file, 'utf8')) as Record<string, unknown>;
  delete settings['secrets'];
  await writeFile(
    file,
    stringify({ ...settings, stack: { name: 'bench', file: composeFile }, receipt: false }),
  );
  await writeFile(composeFile, renderStack());
  await kawanan('up', '--yes', '--file', file);
  for (const row of rows.filter(({ name }) => new RegExp(only).test(name)))
    for (const way of ways) {
      await row.prepare?.(way);
      const stage = await openBench(way);
      await healLeftovers(stage);
      await sleep(5_000);
      const result = await runDrill(row.drill, stage, {
        targets: chooseTargets(stage.cluster.balancer?.vip?.address ?? '', way),
        ratePerSecond,
      });
      process.stderr.write(
        `${row.name}, ${way}: ${JSON.stringify(result.probe?.figures.failures ?? result.reason)}\n`,
      );
      table.push(summarise(row.name, way, result.probe, result.reason ?? 'not measured'));
      process.stderr.write(`${table.at(-1)!.join(' · ')}\n`);
      // What was lost is back, and the tasks too, before the next.
      await kawanan('deploy', '--yes', '--no-receipt', '--file', file);
    }
  const machine = describeMachine();
  process.stdout.write(`${machine}\n${renderTable(header, table)}`);
  if (write)
    await writeSection(
      `## Through the ingress mesh and past it: ${machines === 'uml' ? 'machines with kernels of their own' : 'ordinary machines'}`,
      `\`node bench/ingress.ts --machines ${machines}\`: two tasks of one small image behind both balancers, ${ratePerSecond} requests a second, open loop: GET on kept and new connections, POST of 2 kB. "mesh" as files from elsewhere have it (short port syntax, no health check), "mode: host" as the reference stack has it, updated blue-green. ${machine}:\n\n${renderMarkdownTable(header, table)}`,
    );
} finally {
  await kawanan('down', '--yes', '--file', file).catch((error: unknown) =>
    process.stderr.write(`${String(error)}\n`),
  );
  await rm(folder, { recursive: true, force: true });
}
