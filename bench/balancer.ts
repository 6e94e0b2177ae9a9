// What a client loses when things break, beside what we aim at: the drills of the balancer, several rounds each, on a lab
// that is up with the reference stack (kawanan demo, or lab up and up). GET of the dashboard and of rows, on kept and on
// new connections, and POST of pictures of 178 kB, open loop, 100 a second. At the end the reference's own run: ten
// threads, ten POSTs each, the active balancer killed in the middle.
// Run: node bench/balancer.ts cluster.yml [rounds, 3] [name of a drill]
import { availableParallelism, cpus, loadavg } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { healLeftovers } from '../src/drill/heal-leftovers.ts';
import { openStage } from '../src/drill/open-stage.ts';
import { type DrillResult, runDrill } from '../src/drill/run-drill.ts';
import { drills } from '../src/drill/scenario/catalogue.ts';
import { findVipHolders } from '../src/drill/stage.ts';
import { killNode, startNode } from '../src/lab/faults.ts';
import { renderTable } from '../src/output/table.ts';
import { loadInputs } from '../src/pipeline/inputs.ts';
import type { TourTarget } from '../stacks/sirip-hiu/tour.ts';
import { prepareTourLoad } from '../stacks/sirip-hiu/tour-load.ts';
import { readTourTarget } from '../stacks/sirip-hiu/tour-target.ts';
import { describeUploads, uploadInThreads } from '../stacks/sirip-hiu/upload-threads.ts';

const file = resolve(process.argv[2] ?? 'cluster.yml');
const rounds = Number(process.argv[3] ?? 3);
const ratePerSecond = 100;

/** Drill → what docs/balancer.md aims at. */
const targets: [string, string][] = [
  ['haproxy-killed', 'gap ≤ 50 ms'],
  ['balancer-off', 'gap ≤ 350 ms (safe)'],
  ['balancer-cut', 'gap ≤ 350 ms (safe)'],
  ['switch', 'gap ≤ 20 ms median, ≤ 100 ms worst, 0 failed'],
  ['reloads', '0 failed'],
  ['task-killed', '0 failed'],
  ['task-frozen', 'POST ≤ rate × share × 1.25 s'],
  ['worker-off', '≤ 350 ms added, down in 1.25 s'],
  ['redeploys', '0 failed'],
];

const controller = new AbortController();
process.once('SIGINT', () => controller.abort());
const { cluster, stacks } = await loadInputs({
  file,
  cwd: process.cwd(),
  env: process.env,
  writeSecrets: false,
});
if (stacks.length === 0) throw new Error(`${file} names no stack`);
const { stage } = await openStage({
  cluster,
  definitions: stacks.map(({ definition }) => definition),
  cwd: process.cwd(),
  env: process.env,
  signal: controller.signal,
  report: () => {},
});
const tour = await readTourTarget(file);

function summarise(name: string, target: string, results: DrillResult[]): string[] {
  const ran = results.filter(({ probe }) => probe !== undefined);
  const gaps = ran.map(({ probe }) => probe!.figures.longestGap?.ms ?? 0).toSorted((a, b) => a - b);
  const sum = (pick: (result: DrillResult) => number): number =>
    ran.reduce((total, one) => total + pick(one), 0);
  const failedOf = (test: (record: { target: string; failure: string | null }) => boolean): number =>
    sum(({ probe }) => probe!.records.filter((record) => record.failure !== null && test(record)).length);
  return [
    name,
    target,
    ran.length === 0 ? (results[0]?.reason ?? '') : `${Math.round(gaps[Math.floor(gaps.length / 2)]!)} ms`,
    ran.length === 0 ? '' : `${Math.round(gaps.at(-1)!)} ms`,
    `${failedOf(({ target: of }) => of === 'picture')} POST, ${failedOf(({ target: of }) => of !== 'picture')} GET of ${sum(({ probe }) => probe!.figures.requests)}`,
    String(ran.length),
    loadavg()[0]!.toFixed(1),
  ];
}

/** The reference's own run, 20 s in all; the active balancer loses its power in the middle. */
async function repeatReference(target: TourTarget): Promise<string> {
  const [holder] = await findVipHolders(stage);
  const progress = { report: () => {}, signal: controller.signal };
  const failover = sleep(9_000).then(() => killNode(stage.lab!, holder!, progress));
  const [uploads] = await Promise.all([uploadInThreads(target), failover]);
  await startNode(stage.lab!, holder!, progress);
  return describeUploads(uploads);
}

const rows: string[][] = [];
const load = { targets: await prepareTourLoad(tour), ratePerSecond };
await healLeftovers(stage);
for (const [name, target] of targets.filter(([one]) => one.includes(process.argv[4] ?? ''))) {
  const drill = drills.find((one) => one.name === name)!;
  const results: DrillResult[] = [];
  for (let round = 0; round < (drill.brief ? 1 : rounds); round++) {
    results.push(await runDrill(drill, stage, load));
    process.stderr.write(
      `${name}: ${results
        .at(-1)!
        .objectives.map(({ text, measured }) => `${text}: ${measured}`)
        .join('; ')}\n`,
    );
    await sleep(5_000);
  }
  rows.push(summarise(name, target, results));
  process.stderr.write(`${rows.at(-1)!.join(' · ')}\n`);
}
if (process.argv[4] === undefined && stage.lab) {
  const measured = await repeatReference(tour);
  process.stderr.write(
    `the reference's run: ${measured} (published: 1 of 99 lost, median 157 ms, p95 293 ms)\n`,
  );
}
process.stdout.write(
  `failover: ${cluster.balancer?.failover} · ${availableParallelism()} × ${cpus()[0]?.model}\n${renderTable(
    ['DRILL', 'TARGET', 'MEDIAN GAP', 'WORST GAP', 'FAILED', 'ROUNDS', 'LOAD'],
    rows,
  )}`,
);
