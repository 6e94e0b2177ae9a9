// What a client loses when a balancer, or what stands behind it, breaks or is changed: each row of the targets, measured
// on two nodes that answer with their own name. Open loop, 200 requests a second: GET on kept and on new connections, POST
// of 178 kB and of 2 kB. The gap is the longest time between two answers; the row "nothing" is what the computer does by
// itself. Where the address is all that moves, its own gap is measured too: the longest time in which no TCP connection to
// it was made, 400 being tried a second. The reference's own run, with pictures and a database, is the reference suite's
// (kawanan drill).
// Brings up a lab of its own and takes it down (one that is up is used and left); 13 minutes on a computer that does
// nothing else.
// Run: node bench/balancer.ts [--write: put the table into docs/measurements.md] [--quick: one round each] [part of a row's name]
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { loadCluster } from '../src/cluster/load-cluster.ts';
import { healLeftovers } from '../src/drill/heal-leftovers.ts';
import type { ProbeTarget } from '../src/drill/probe/options.ts';
import { type Figures, summarise } from '../src/drill/probe/summarise.ts';
import { type DrillLoad, type DrillResult, runDrill } from '../src/drill/run-drill.ts';
import type { Drill, Fault } from '../src/drill/scenario/drill.ts';
import { renderTable } from '../src/output/table.ts';
import { openBenchStage } from './bench-stage.ts';
import { drillOfCatalogue, drillOfCommand } from './drill-of.ts';
import { describeMachine, renderMarkdownTable, writeSection } from './measurements.ts';
import { kawanan, openLab, root } from './run-program.ts';

const [quick, write] = ['--quick', '--write'].map((flag) => process.argv.includes(flag));
const only = process.argv.slice(2).find((word) => !word.startsWith('--')) ?? '';
const ratePerSecond = 200;
const connectsPerSecond = 400;
const addressName = 'address';
const restMs = 2_000;
const worker = 'vm-dockerswarmworker1';

/** The application dies at once when it is told to stop: what keeps its requests is not its own manners. */
const renderStack = (version: number): string => `x-balancer:
  web: {listen: 80, service: web, check: GET /healthz, timeouts: {retry: 1s}, update: blue-green}
services:
  web:
    image: answering
    build: ${join(root, 'test/e2e/support/answering')}
    environment: {SERVER: "{{.Node.Hostname}}", VERSION: "${version}"}
    networks: [net]
    ports: [{target: 8000, published: 8000, mode: host}]
    deploy:
      replicas: 2
      endpoint_mode: dnsrr
      placement: {constraints: [node.role == worker], max_replicas_per_node: 1}
      update_config: {monitor: 2s}
networks: {net: {driver: overlay}}
`;

interface Row {
  name: string;
  target: string;
  rounds: number;
  drill: Drill;
  /** Connections to the address are tried besides, and its gap is theirs. */
  ofAddress?: boolean;
  /** Before each round. */
  prepare?: (round: number) => Promise<void>;
}

const controller = new AbortController();
process.once('SIGINT', () => controller.abort());
await using lab = await openLab();
// the drills run kawanan too, and look for this lab
process.env['KAWANAN_LAB'] = lab.lab.stateDir;
const folder = await mkdtemp(join(lab.lab.stateDir, 'bench-'));
const file = join(folder, 'cluster.yml');
const composeFile = join(folder, 'compose.yml');
const settings = parse(await readFile(lab.file, 'utf8')) as {
  stack?: object;
  secrets?: string;
  balancer: { failover?: string };
};
settings.stack = { name: 'bench', file: composeFile };
delete settings.secrets;

async function writeFiles(failover: 'safe' | 'fast'): Promise<void> {
  settings.balancer.failover = failover;
  await writeFile(file, stringify(settings));
  await writeFile(composeFile, renderStack(1));
}

function chooseLoad(host: string, ofAddress: boolean): DrillLoad {
  const common = { kind: 'http' as const, url: `http://${host}/` };
  const post = { ...common, method: 'POST' as const };
  const targets: ProbeTarget[] = [
    { ...common, name: 'GET', weight: 4 },
    { ...common, name: 'GET, new connection', connection: 'new', weight: 2 },
    { ...post, name: 'POST of 178 kB', body: new Uint8Array(178_000).fill(120), weight: 1 },
    { ...post, name: 'POST, new connection', body: 'x'.repeat(2_000), connection: 'new', weight: 1 },
  ];
  if (!ofAddress) return { targets, ratePerSecond };
  const weight = (connectsPerSecond / ratePerSecond) * 8;
  return {
    targets: [...targets, { kind: 'tcp', name: addressName, host, port: 80, weight }],
    ratePerSecond: ratePerSecond + connectsPerSecond,
  };
}

/** Fails with words, not a row, where this computer is too unsteady for `fast`. */
const fast = async (round: number): Promise<void> => {
  if (round > 0) return;
  await writeFiles('fast');
  await kawanan('up', '--yes', '--file', file);
};
const safe = async (): Promise<void> => {
  await writeFiles('safe');
  await kawanan('up', '--yes', '--file', file);
};
const reload: Fault = { kind: 'reload balancer', where: 'active balancer', times: 100 };

const rows: Row[] = [
  {
    name: 'nothing',
    target: '',
    rounds: 2,
    ofAddress: true,
    drill: drillOfCommand('nothing', '--version'),
  },
  {
    name: 'planned switch',
    target: "address's gap ≤ 20 ms median, ≤ 100 ms worst; 0 failed",
    rounds: 5,
    ofAddress: true,
    drill: drillOfCommand('switch', 'balancer', 'failover', '--to', 'vm-loadbalancer2', '--yes'),
    prepare: async () => void (await kawanan('balancer', 'failback', '--yes', '--file', file)),
  },
  {
    name: 'failback',
    target: "address's gap ≤ 60 ms; 0 failed",
    rounds: 5,
    ofAddress: true,
    drill: drillOfCommand('failback', 'balancer', 'failback', '--yes'),
    prepare: async () =>
      void (await kawanan('balancer', 'failover', '--to', 'vm-loadbalancer2', '--yes', '--file', file)),
  },
  { name: 'HAProxy killed', target: 'gap ≤ 50 ms', rounds: 5, drill: drillOfCatalogue('haproxy-killed') },
  {
    name: 'keepalived killed',
    target: 'one holder in 2 s',
    rounds: 2,
    drill: drillOfCatalogue('keepalived-killed'),
  },
  {
    name: 'active balancer off, safe',
    target: 'gap ≤ 350 ms',
    rounds: 3,
    drill: drillOfCatalogue('balancer-off'),
  },
  {
    name: '100 reloads',
    target: '0 failed',
    rounds: 1,
    drill: { ...drillOfCatalogue('reloads'), fault: reload },
  },
  { name: 'task killed', target: '0 failed, POST too', rounds: 3, drill: drillOfCatalogue('task-killed') },
  {
    name: 'worker off',
    target: '0 failed, ≤ 350 ms added, down in 1.25 s',
    rounds: 2,
    drill: drillOfCatalogue('worker-off'),
  },
  {
    name: 'task frozen',
    target: `0 GET; POST ≤ ${Math.ceil(ratePerSecond * 0.25 * 0.5 * 1.25)}`,
    rounds: 2,
    drill: drillOfCatalogue('task-frozen'),
  },
  {
    name: 'node drained and put back',
    target: '0 failed',
    rounds: 1,
    drill: drillOfCommand('node drain', 'node', 'drain', worker, '--yes'),
  },
  {
    name: 'ten updates',
    target: '0 failed',
    rounds: 1,
    // each to the revision before, so that every one of them replaces all tasks
    drill: {
      ...drillOfCommand('rollback'),
      fault: { kind: 'run kawanan', args: ['rollback', '--yes'], times: 10 },
    },
    prepare: async () => {
      await kawanan('node', 'ready', worker, '--yes', '--file', file);
      await writeFile(composeFile, renderStack(2));
      await kawanan('deploy', '--yes', '--file', file);
    },
  },
  {
    name: 'active balancer off, fast',
    target: 'gap ≤ 120 ms',
    rounds: 3,
    drill: drillOfCatalogue('balancer-off'),
    prepare: fast,
  },
];

const header = [
  'what',
  'target',
  'gap: median',
  'worst',
  "address's: median",
  'worst',
  'failed',
  'of',
  'slowest',
  'rounds',
  'noticed',
];

/** The median and the worst of the rounds' longest gaps. */
function describeGaps(figures: Figures[]): [string, string] {
  const gaps = figures.map(({ longestGap }) => longestGap?.ms ?? 0).toSorted((a, b) => a - b);
  if (gaps.length === 0) return ['', ''];
  return [`${gaps[Math.floor(gaps.length / 2)]!.toFixed(0)} ms`, `${gaps.at(-1)!.toFixed(0)} ms`];
}

function describeRow(
  { name, target, ofAddress = false }: Row,
  results: DrillResult[],
  reason: string,
): string[] {
  const ran = results.flatMap(({ probe }) => probe ?? []);
  if (ran.length === 0) return [name, target, '–', '–', '', '', reason, '', '', '0', ''];
  const requests = ran.map(({ records }) =>
    summarise(records.filter(({ target: of }) => of !== addressName)),
  );
  const connects = ran.map(({ records }) =>
    summarise(records.filter(({ target: of }) => of === addressName)),
  );
  const failed = ran.flatMap(({ records }) => records.filter(({ failure }) => failure !== null));
  const writes = failed.filter(({ target: of }) => of.startsWith('POST')).length;
  const others = failed.filter(({ target: of }) => of === addressName).length;
  const noticed = results.flatMap(({ objectives }) =>
    objectives.filter(({ text }) => /detect|down/.test(text)).map(({ measured }) => measured),
  );
  return [
    name,
    target,
    ...describeGaps(requests),
    ...(ofAddress ? describeGaps(connects) : ['', '']),
    failed.length === 0
      ? '0'
      : `${failed.length - writes - others} GET, ${writes} POST${ofAddress ? `, ${others} connections` : ''}`,
    ran.reduce((sum, { records }) => sum + records.length, 0).toLocaleString('en'),
    `${Math.max(...requests.map(({ latencyMs }) => latencyMs?.worst ?? 0)).toFixed(0)} ms`,
    String(ran.length),
    noticed.join(', '),
  ];
}

const table: string[][] = [];
try {
  const startedAt = performance.now();
  const machine = describeMachine();
  await writeFiles('safe');
  await kawanan('up', '--yes', '--file', file);
  const { balancer } = await loadCluster(file);
  const host = balancer?.vip?.address ?? '';
  for (const row of rows.filter(({ name }) => name.includes(only))) {
    const results: DrillResult[] = [];
    let reason = '';
    for (let round = 0; round < (quick ? 1 : row.rounds); round++) {
      try {
        await row.prepare?.(round);
        const stage = await openBenchStage(file, controller.signal);
        await healLeftovers(stage);
        await sleep(restMs);
        results.push(await runDrill(row.drill, stage, chooseLoad(host, row.ofAddress ?? false)));
        reason = results.at(-1)!.reason ?? reason;
        const { failures } = results.at(-1)!.probe?.figures ?? {};
        process.stderr.write(`${row.name}, round ${round + 1}: ${JSON.stringify(failures ?? reason)}\n`);
      } catch (error) {
        if (controller.signal.aborted) throw error;
        // one row that can't be measured must not cost the others
        process.stderr.write(`${row.name}: ${String(error)}\n`);
        reason = 'not measured';
        break;
      }
    }
    table.push(describeRow(row, results, reason));
    process.stderr.write(`${table.at(-1)!.join(' · ')}${reason === '' ? '' : ` · ${reason}`}\n`);
    if (row.prepare === fast)
      await safe().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  process.stdout.write(`${machine}\n${renderTable(header, table)}`);
  if (write)
    await writeSection(
      '## What breaks, and what a client sees of it',
      `\`node bench/balancer.ts\`: two nodes that answer with their own name behind HAProxy, on a lab that is all on this computer; ${ratePerSecond} requests a second, open loop: GET on kept and new connections, POST of 178 kB and of 2 kB. The gap is the longest time between two answers, calm seconds before and after included, of which the computer by itself makes what "nothing" says; the address's gap is the longest time in which no TCP connection to it was made, ${connectsPerSecond} being tried a second besides. What fails when a balancer dies was under way through it.\n\n${machine}, ${seconds} s:\n\n${renderMarkdownTable(header, table)}`,
    );
} finally {
  await kawanan('down', '--yes', '--file', file).catch((error: unknown) =>
    process.stderr.write(`${String(error)}\n`),
  );
  await rm(folder, { recursive: true, force: true });
}
