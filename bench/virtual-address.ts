// How long clients are without an answer while the virtual address moves: on purpose (balancer failover and failback, in
// turns), and because HAProxy, keepalived or the whole holder is gone. GET and POST in turn on kept connections, 200 a
// second, open loop; the gap is the longest time between two answers of a move's own seconds. Beside it, the longest gap
// of as many seconds in which nothing was moved: what the computer itself does.
// On a lab that is up with a stack whose frontend `web` listens on port 80 (say `kawanan up` first).
// Run: node bench/virtual-address.ts cluster.yml [moves, 10] [part of a case's name]
import { availableParallelism, cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { canHandOver, moveAddress } from '../src/balancer/keepalived/hand-over.ts';
import { readHolders } from '../src/balancer/keepalived/read-holders.ts';
import { balancers } from '../src/cluster/cluster.ts';
import { loadCluster } from '../src/cluster/load-cluster.ts';
import { startProbe } from '../src/drill/probe/probe.ts';
import { killNode, startNode } from '../src/lab/faults.ts';
import { findLab } from '../src/lab/lab.ts';
import { renderTable } from '../src/output/table.ts';
import { createHosts } from '../src/remote/hosts.ts';

const cluster = await loadCluster(process.argv[2]);
const moves = Number(process.argv[3] ?? 10);
const address = cluster.balancer?.vip?.address ?? '';
const names = balancers(cluster).map(({ name }) => name);
const lab = findLab({ cwd: process.cwd(), env: process.env });
const progress = { signal: new AbortController().signal, report: () => {} };
const watchMs = 3_000;

interface Measured {
  gapMs: number;
  sent: number;
  failed: number;
  failures: Record<string, number>;
}

async function findHolder(): Promise<string> {
  await using hosts = openHosts();
  for (let look = 0; look < 200; look++) {
    const [holding] = await readHolders(cluster, hosts);
    if (holding?.holders.length === 1) return holding.holders[0]!;
    await sleep(50);
  }
  throw new Error('no single holder within 10 s');
}

function openHosts() {
  const hosts = createHosts(cluster);
  return { connect: hosts.connect, close: hosts.close, [Symbol.asyncDispose]: hosts.close };
}

/** What clients see while something is done and for three seconds from its beginning. */
async function measure(work: () => Promise<unknown>): Promise<Measured> {
  const stop = new AbortController();
  const http = { kind: 'http' as const, url: `http://${address}/`, connection: 'keep' as const };
  const probe = startProbe(
    {
      targets: [
        { ...http, name: 'GET', method: 'GET' },
        { ...http, name: 'POST', method: 'POST', body: Buffer.alloc(20_000, 'x') },
      ],
      ratePerSecond: 200,
      durationMs: 120_000,
      timeoutMs: 5_000,
    },
    { signal: stop.signal },
  );
  await sleep(1_000);
  probe.mark('move');
  await Promise.all([work(), sleep(watchMs)]);
  await sleep(500);
  stop.abort();
  const { phases } = await probe.finished;
  const { figures } = phases.find(({ name }) => name === 'move')!;
  return {
    gapMs: figures.longestGap?.ms ?? 0,
    sent: figures.requests,
    failed: figures.failed,
    failures: figures.failures,
  };
}

async function onHolder(command: string[]): Promise<void> {
  const holder = await findHolder();
  await using hosts = openHosts();
  const [program, ...args] = command;
  await (await hosts.connect(holder)).run({ program: program!, args, asRoot: true });
}

async function move(): Promise<void> {
  await using hosts = openHosts();
  const from = await findHolder();
  const to = names.find((name) => name !== from)!;
  const target = { cluster, hosts, progress };
  const seamless = await canHandOver({ address, from, to }, target);
  const { cut } = await moveAddress({ address, from, to }, { waitMs: 30_000, seamless }, target);
  if (cut > 0) process.stderr.write(`${cut} connections did not end within 30 s and were cut\n`);
}

async function powerOff(): Promise<void> {
  const holder = await findHolder();
  await killNode(lab, holder, progress);
}

async function powerOn(): Promise<void> {
  for (const name of names) await startNode(lab, name, progress);
  // until the machine that came back serves, too
  await sleep(8_000);
}

const cases: [string, string, () => Promise<unknown>, () => Promise<unknown>][] = [
  ['nothing', '', async () => {}, async () => {}],
  ['moved on purpose', '≤ 20 ms median, ≤ 100 ms worst, 0 failed', move, async () => {}],
  [
    'HAProxy SIGKILL',
    '≤ 50 ms',
    () => onHolder(['systemctl', 'kill', '--signal=SIGKILL', 'haproxy']),
    () => sleep(3_000),
  ],
  ['keepalived SIGTERM', '', () => onHolder(['systemctl', 'stop', 'keepalived']), restartKeepalived],
  [
    'keepalived SIGKILL',
    'one holder in 2 s',
    () => onHolder(['systemctl', 'kill', '--signal=SIGKILL', 'keepalived']),
    () => sleep(3_000),
  ],
  ['holder powered off', cluster.balancer?.failover === 'fast' ? '≤ 120 ms' : '≤ 350 ms', powerOff, powerOn],
];

async function restartKeepalived(): Promise<void> {
  await using hosts = openHosts();
  for (const name of names)
    await (await hosts.connect(name)).run({
      program: 'systemctl',
      args: ['start', 'keepalived'],
      asRoot: true,
    });
  await sleep(1_500);
}

const rows: string[][] = [];
for (const [name, target, work, after] of cases.filter(([name]) => name.includes(process.argv[4] ?? ''))) {
  const seen: Measured[] = [];
  for (let round = 0; round < (work === powerOff ? Math.min(moves, 3) : moves); round++) {
    seen.push(await measure(work));
    process.stderr.write(`${name}: ${JSON.stringify(seen.at(-1))}\n`);
    await after();
  }
  const gaps = seen.map(({ gapMs }) => gapMs).toSorted((a, b) => a - b);
  const sum = (pick: (one: Measured) => number): number => seen.reduce((total, one) => total + pick(one), 0);
  rows.push([
    name,
    target,
    `${Math.round(gaps[Math.floor(gaps.length / 2)]!)} ms`,
    `${Math.round(gaps.at(-1)!)} ms`,
    `${sum(({ failed }) => failed)} of ${sum(({ sent }) => sent)}`,
    String(seen.length),
    loadavg()[0]!.toFixed(1),
  ]);
  process.stderr.write(`${rows.at(-1)!.join(' · ')}\n`);
}
process.stdout.write(
  `failover: ${cluster.balancer?.failover} · ${availableParallelism()} × ${cpus()[0]?.model}\n${renderTable(
    ['WHAT', 'TARGET', 'MEDIAN GAP', 'WORST GAP', 'FAILED', 'TIMES', 'LOAD'],
    rows,
  )}`,
);
