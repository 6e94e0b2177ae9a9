// What the two engines do with requests, on one stack of two nodes (and a slow third server), in one run:
// 1. How each method spreads them, with the four figures of quality of service that the reference gives per method and
//    server (throughput, loss, delay, jitter; open loop, a new connection for each request as visitors make them); how
//    much the slow server gets; how many servers one client sees; what becomes of its requests when its server is lost.
// 2. What the balancer costs, directly and through it in turns: throughput of a real application (the page on which one
//    logs in at the reference stack's site: Flask, gunicorn; closed loop, as much as there is), and the median latency of a
//    server that answers at once.
// The figures of a computer that does other things besides are worth little: the load is printed with them.
// Brings up a lab of its own and takes it down; one that is up is used and left as bare as it was.
// Run: node bench/balancing.ts [seconds a measurement, 10] [--cost: only 2] [--write: put the result into docs/measurements.md]
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'undici';
import { parse, stringify } from 'yaml';
import { loadCluster } from '../src/cluster/load-cluster.ts';
import type { ProbeTarget } from '../src/drill/probe/options.ts';
import { startProbe } from '../src/drill/probe/probe.ts';
import { type Figures, summariseBy } from '../src/drill/probe/summarise.ts';
import { renderTable } from '../src/output/table.ts';
import { createHosts } from '../src/remote/hosts.ts';
import { writeAnsweringStack } from '../test/e2e/support/answering-stack.ts';
import { describeMachine, renderMarkdownTable, writeSection } from './measurements.ts';
import { kawanan, openLab, root } from './run-program.ts';

type Engine = 'haproxy' | 'nginx';

const seconds = Number(process.argv[2] ?? 10) || 10;
const durationMs = seconds * 1000;
const ratePerSecond = 100;
const connections = 16;
const turns = 5;
const costOnly = process.argv.includes('--cost');
const lines: string[] = [];
const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
  lines.push(text.trimEnd());
};

const both = 'service: [one, two], port: 8000, check: GET /healthz';
const slow = 'service: [one, slow], port: 8000, check: GET /healthz';
const section = `
  roundrobin: {listen: 9081, ${both}, balance: roundrobin}
  leastconn: {listen: 9082, ${both}, balance: leastconn}
  source: {listen: 9083, ${both}, balance: source}
  ip_hash: {listen: 9084, ${both}, balance: ip_hash}
  roundrobin-slow: {listen: 9085, ${slow}, balance: roundrobin}
  leastconn-slow: {listen: 9086, ${slow}, balance: leastconn}
  site: {listen: 9087, service: site, port: 5000, check: GET /healthz}`;
/** Needs nobody else for the page that is asked. */
const site = `  site:
    image: site
    build: ${join(root, 'stacks/sirip-hiu/web')}
    environment: {API_BASE_URL: "http://localhost", JWT_ALGORITHM: HS256, JWT_SECRET_KEY: bench, SECRET_KEY: bench}
    networks: [net]
    ports: [{target: 5000, published: 5000, mode: host}]
    deploy: {endpoint_mode: dnsrr, placement: {constraints: [node.labels.zone == a]}}
`;
const page = '/login';
const ports = { roundrobin: 9081, leastconn: 9082, source: 9083, ip_hash: 9084 } as const;

const get = (name: string, url: string, connection: 'keep' | 'new'): ProbeTarget => ({
  kind: 'http',
  name,
  url,
  connection,
  serverHeader: 'x-server',
});

/** The four figures, of one method and server. */
function describeFigures(figures: Figures): string[] {
  const ms = (value: number | null | undefined): string => (value == null ? '–' : value.toFixed(2));
  return [
    `${((figures.bytesPerSecond * 8) / 1e6).toFixed(2)}`,
    `${(figures.loss * 100).toFixed(2)}`,
    ms(figures.latencyMs?.mean),
    ms(figures.jitterMs),
  ];
}

async function measureMethods(engine: Engine, vip: string): Promise<string[][]> {
  const rows: string[][] = [];
  for (const [method, port] of Object.entries(ports)) {
    const { records } = await startProbe({
      targets: [get(method, `http://${vip}:${port}/bytes/8192`, 'new')],
      ratePerSecond,
      durationMs,
    }).finished;
    const groups = summariseBy(records, ({ server }) => server ?? 'nobody');
    for (const [server, figures] of Object.entries(groups))
      rows.push([
        engine,
        method,
        server,
        `${((figures.requests / records.length) * 100).toFixed(1)}`,
        ...describeFigures(figures),
      ]);
  }
  return rows;
}

async function measureSlowShare(engine: Engine, vip: string): Promise<string[]> {
  const shares: string[] = [];
  for (const port of [9085, 9086]) {
    const { records } = await startProbe({
      targets: [get('slow', `http://${vip}:${port}/`, 'new')],
      ratePerSecond: 20,
      durationMs,
    }).finished;
    const late = records.filter(({ server }) => server === 'slow').length;
    shares.push(`${((late / records.length) * 100).toFixed(1)}`);
  }
  return [engine, ...shares];
}

/** The server of this client is stopped while it sends: who answered before and after, and what failed. */
async function loseServer(
  engine: Engine,
  vip: string,
  method: keyof typeof ports,
  scale: (service: string, replicas: number) => Promise<void>,
): Promise<string[]> {
  const url = `http://${vip}:${ports[method]}/`;
  const mine = (await fetch(url)).headers.get('x-server')!;
  const probe = startProbe({ targets: [get('lost', url, 'new')], ratePerSecond, durationMs: 60_000 });
  await probe.started;
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  probe.mark('lost');
  await scale(mine, 0);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const { phases, figures, records, marks } = await probe.stop();
  await scale(mine, 1);
  const names = (when: (atMs: number) => boolean): string =>
    [...new Set(records.filter((one) => one.server !== null && when(one.endedMs)).map((one) => one.server))]
      .sort()
      .join(' ');
  const lostMs = marks[0]!.atMs;
  return [
    engine,
    method,
    names((atMs) => atMs < lostMs),
    names((atMs) => atMs > lostMs + 2_000),
    `${figures.failed} of ${figures.requests}`,
    `${phases.at(-1)?.figures.longestGap?.ms.toFixed(0) ?? '–'}`,
  ];
}

/** Answers a second with so many connections that each send the next request when the last is answered. */
async function measureThroughput(origin: string): Promise<number> {
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const endsAt = performance.now() + durationMs / 2;
  let count = 0;
  const work = async (): Promise<void> => {
    while (performance.now() < endsAt) {
      const { statusCode, body } = await pool.request({ path: page, method: 'GET' });
      await body.dump();
      if (statusCode === 200) count += 1;
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: connections }, work));
  await pool.close();
  return (count * 1000) / (performance.now() - startedAt);
}

/** Of requests one after the other over one connection, so that what waits is neither processor nor queue. */
async function measureMedian(origin: string): Promise<number> {
  const pool = new Pool(origin, { connections: 1, pipelining: 1 });
  const endsAt = performance.now() + durationMs / 2;
  const latenciesMs: number[] = [];
  while (performance.now() < endsAt) {
    const startedAt = performance.now();
    const { body } = await pool.request({ path: '/', method: 'GET' });
    await body.dump();
    latenciesMs.push(performance.now() - startedAt);
  }
  await pool.close();
  return median(latenciesMs);
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/**
 * Direct and proxied in turns, so that what else the computer does meets both. Of the turns of the application the best
 * counts: which of its processes a connection falls to is chance, and decides how much of it works.
 */
async function measureCost(engine: Engine, vip: string, direct: string): Promise<string[]> {
  const seen = { direct: [] as number[], proxied: [] as number[] };
  const latency = { direct: [] as number[], proxied: [] as number[] };
  for (let turn = 0; turn < turns; turn++)
    for (const [way, application, server] of [
      ['direct', `http://${direct}:5000`, `http://${direct}:8001`],
      ['proxied', `http://${vip}:9087`, `http://${vip}:${ports.roundrobin}`],
    ] as const) {
      seen[way].push(await measureThroughput(application));
      latency[way].push(await measureMedian(server));
    }
  const [fast, slower] = [Math.max(...seen.direct), Math.max(...seen.proxied)];
  const [near, far] = [median(latency.direct), median(latency.proxied)];
  return [
    engine,
    fast.toFixed(0),
    slower.toFixed(0),
    (slower / fast).toFixed(3),
    near.toFixed(2),
    far.toFixed(2),
    (far - near).toFixed(2),
  ];
}

function printTable(title: string, header: string[], rows: string[][], words = ''): void {
  if (rows.length === 0) return;
  print(`### ${title}\n\n${words && `${words}\n\n`}${renderMarkdownTable(header, rows)}\n`);
  process.stderr.write(renderTable(header, rows));
}

await using lab = await openLab();
const folder = await mkdtemp(join(tmpdir(), 'kawanan-balancing-'));
const file = join(folder, 'cluster.yml');
const settings = parse(await readFile(lab.file, 'utf8')) as {
  stack?: object;
  secrets?: string;
  balancer: { engine: Engine };
};
settings.stack = { name: 'balancing', file: join(folder, 'compose.yml') };
delete settings.secrets;
await writeFile(
  join(folder, 'compose.yml'),
  writeAnsweringStack(section).replace('\nnetworks:', `\n${site}networks:`),
);

try {
  print(`\`node bench/balancing.ts\`, on the lab, ${seconds} s a measurement. ${describeMachine()}.\n`);
  const methods: string[][] = [];
  const shares: string[][] = [];
  const losses: string[][] = [];
  const costs: string[][] = [];
  for (const engine of ['haproxy', 'nginx'] as const) {
    settings.balancer.engine = engine;
    await writeFile(file, stringify(settings));
    process.stderr.write(`${engine}: bringing the stack up\n`);
    await kawanan('up', '--yes', '--file', file);
    const cluster = await loadCluster(file);
    const hosts = createHosts(cluster);
    try {
      const docker = (await hosts.connect('vm-dockerswarmmanager')).engine();
      const scale = async (service: string, replicas: number): Promise<void> => {
        const handle = docker.getService(`balancing_${service}`);
        const { Version, Spec } = await handle.inspect();
        await handle.update({
          version: Version.Index,
          ...Spec,
          Mode: { Replicated: { Replicas: replicas } },
        });
        await new Promise((resolve) => setTimeout(resolve, 3_000));
      };
      const vip = cluster.balancer?.vip?.address ?? '';
      const worker = cluster.nodes.find(({ labels }) => labels['zone'] === 'a')!;
      process.stderr.write(`${engine}: measuring\n`);
      if (!costOnly) {
        methods.push(...(await measureMethods(engine, vip)));
        shares.push(await measureSlowShare(engine, vip));
        for (const method of ['source', 'ip_hash'] as const)
          losses.push(await loseServer(engine, vip, method, scale));
      }
      costs.push(await measureCost(engine, vip, worker.address));
    } finally {
      await hosts.close();
    }
  }
  printTable(
    `Distribution and quality of service: ${ratePerSecond} requests a second of 8 kB, each on a new connection`,
    ['engine', 'method', 'server', 'share %', 'throughput Mbit/s', 'loss %', 'delay ms', 'jitter ms'],
    methods,
  );
  printTable(
    'What a server gets that answers 300 ms late, beside one that answers at once (20 requests a second)',
    ['engine', 'round robin %', 'least connection %'],
    shares,
  );
  printTable(
    'One client, whose server is stopped',
    ['engine', 'method', 'answered by before', 'after', 'failed', 'longest gap ms'],
    losses,
  );
  printTable(
    "The balancer's own cost",
    [
      'engine',
      'direct /s',
      'proxied /s',
      'proxied/direct',
      'direct p50 ms',
      'proxied p50 ms',
      'difference ms',
    ],
    costs,
    `The page \`${page}\` of a Flask application over ${connections} connections, best of ${turns} turns; a server that answers at once over one connection, median. At least 0.97 and at most 0.1 ms are wanted. What sends, balances and works shares this computer, so that a balancer's work is missing elsewhere, whichever the engine.`,
  );
  if (process.argv.includes('--write'))
    await writeSection('## Methods of balancing, and what a balancer costs', lines.join('\n'));
} finally {
  process.stderr.write('taking the stack down\n');
  await kawanan('down', '--yes', '--file', file).catch((error: unknown) =>
    process.stderr.write(`${String(error)}\n`),
  );
  await rm(folder, { recursive: true, force: true });
}
