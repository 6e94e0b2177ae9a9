// What monitoring costs: proxied throughput (closed loop, as much as there is) with it and without it, in turns, on a
// cluster whose stack has an http frontend; images are built before the first turn. The ratio of the medians should be at
// least 0.97. Leaves the cluster without monitoring.
// Run: node bench/monitoring.ts cluster.yml [seconds a turn, 15] [rounds, 3]
import { spawn } from 'node:child_process';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { listVirtualAddresses } from '../src/cluster/cluster.ts';
import { loadCluster } from '../src/cluster/load-cluster.ts';
import { renderTable } from '../src/output/table.ts';
import { loadBalancerModel } from '../src/pipeline/load-balancer-model.ts';

const file = resolve(process.argv[2] ?? 'cluster.yml');
const seconds = Number(process.argv[3] ?? 15);
const rounds = Number(process.argv[4] ?? 3);
const connections = 16;
const settleMs = 10_000;

const cluster = await loadCluster(file, process.cwd());
const [vip] = listVirtualAddresses(cluster);
const frontend = (await loadBalancerModel(cluster, process.env)).frontends.find(
  ({ mode, tls }) => mode === 'http' && !tls,
);
if (!vip || !frontend) throw new Error(`${file} has no virtual address, or no http frontend without TLS`);
const origin = `http://${vip.address}:${frontend.listen}`;

function kawanan(...args: string[]): Promise<void> {
  const child = spawn(join(import.meta.dirname, '../bin/kawanan'), [...args, '--yes', '--file', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) =>
      code === 0 ? done() : fail(new Error(`${args.join(' ')}: exit code ${code}`)),
    );
  });
}

/** Requests a second that were answered, and how many failed. */
async function measure(): Promise<{ perSecond: number; failed: number }> {
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const until = performance.now() + seconds * 1000;
  let [answered, failed] = [0, 0];
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < until) {
        try {
          const { statusCode, body } = await pool.request({ method: 'GET', path: '/' });
          await body.dump();
          if (statusCode < 500) answered++;
          else failed++;
        } catch {
          failed++;
        }
      }
    }),
  );
  const perSecond = (answered * 1000) / (performance.now() - startedAt);
  await pool.close();
  return { perSecond, failed };
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const rows: string[][] = [];
const measured: Record<'with' | 'without', number[]> = { with: [], without: [] };
await kawanan('monitor', 'up');
for (let round = 0; round < rounds; round++) {
  // with, without, without, with, …: a computer that warms up or tires favours neither
  const order = round % 2 === 0 ? (['with', 'without'] as const) : (['without', 'with'] as const);
  for (const turn of order) {
    await kawanan('monitor', ...(turn === 'with' ? ['up'] : ['down', '--keep-history']));
    await sleep(settleMs);
    const { perSecond, failed } = await measure();
    measured[turn].push(perSecond);
    rows.push([String(round + 1), turn, perSecond.toFixed(0), String(failed), loadavg()[0]!.toFixed(1)]);
  }
}
await kawanan('monitor', 'down');
const ratio = median(measured.with) / median(measured.without);
process.stdout.write(
  `${availableParallelism()} × ${cpus()[0]?.model}, ${connections} connections to ${origin}\n${renderTable(
    ['ROUND', 'MONITORING', 'REQUESTS/S', 'FAILED', 'LOAD'],
    rows,
  )}with / without: ${ratio.toFixed(3)} (at least 0.97 wanted)\n`,
);
process.exitCode = ratio >= 0.97 ? 0 : 1;
