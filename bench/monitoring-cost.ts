// What monitoring costs the reference system on the lab: processor time of its parts, and proxied throughput (closed loop,
// as much as there is) with Prometheus asking and with Prometheus frozen, in many short turns, so that what else the
// computer does falls on both.
// Brings up a lab of its own and takes it down; one that is up is used, and left with the reference system on it.
// Run: node bench/monitoring-cost.ts [pairs of turns, 20] [--write: put the result into docs/measurements.md]
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { listVirtualAddresses } from '../src/cluster/cluster.ts';
import { createHosts } from '../src/remote/hosts.ts';
import { describeMachine, writeSection } from './measurements.ts';
import { openMonitoredLab } from './monitored-lab.ts';

const words = process.argv.slice(2);
const pairs = Number(words.find((word) => /^\d+$/.test(word)) ?? 20);
const turnMs = 5_000;
/** After Prometheus was frozen or let go. */
const settleMs = 500;
const connections = 16;
const lines: string[] = [];
const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
  lines.push(text);
};

await using lab = await openMonitoredLab();
const { cluster, ask } = lab;

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

const median = (all: number[]): number => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)]!;

/** Processors that each part uses, of a minute. */
async function tellProcessors(): Promise<void> {
  // a rate over less than its whole range is too small
  await sleep(70_000);
  const services =
    'sum by (service) (rate(container_cpu_seconds_total[1m]) * on (id, node) group_left (stack, service) swarm_task_info{stack="monitoring"})';
  const parts = [
    ...(await ask(services)).map(({ labels, value }) => [labels['service']!, value] as const),
    [
      'node exporters',
      (await ask('sum(rate(process_cpu_seconds_total{job="node"}[1m]))'))[0]!.value,
    ] as const,
  ];
  const total = parts.reduce((sum, [, value]) => sum + value, 0);
  const percent = (value: number): string => `${(value * 100).toFixed(2)} %`;
  print(
    `Of one processor, all five machines together: ${percent(total)} (${parts.map(([name, value]) => `${name} ${percent(value)}`).join(', ')}).`,
  );
}

async function tellCost(origin: string): Promise<number> {
  await tellProcessors();
  const hosts = createHosts(cluster);
  try {
    const engine = (await hosts.connect('vm-dockerswarmmanager')).engine();
    const label = ['com.docker.swarm.service.name=monitoring_prometheus'];
    const [prometheus] = await engine.listContainers({ filters: JSON.stringify({ label }) });
    const container = engine.getContainer(prometheus!.Id);
    const measure = async (frozen: boolean): Promise<number> => {
      if (frozen) await container.pause();
      try {
        await sleep(settleMs);
        const { perSecond, failed } = await measureThroughput(origin);
        if (failed > 0) throw new Error(`${failed} requests failed`);
        return perSecond;
      } finally {
        if (frozen) await container.unpause();
      }
    };
    const ratios: number[] = [];
    const [asking, frozen]: [number[], number[]] = [[], []];
    for (let pair = 0; pair < pairs; pair++) {
      // asking, frozen, frozen, asking, …: a computer that warms up or tires favours neither
      for (const isFrozen of pair % 2 === 0 ? [false, true] : [true, false])
        (isFrozen ? frozen : asking).push(await measure(isFrozen));
      ratios.push(asking.at(-1)! / frozen.at(-1)!);
    }
    const total = (all: number[]): number => all.reduce((sum, value) => sum + value, 0);
    const ratio = total(asking) / total(frozen);
    print(
      `${connections} connections to the page \`/login\`, ${pairs} pairs of turns of ${turnMs / 1000} s: ${median(asking).toFixed(0)} requests a second at the median while Prometheus asks, ${median(frozen).toFixed(0)} while it is frozen; all together ${ratio.toFixed(3)} of it, the median of the pairs ${median(ratios).toFixed(3)} (lowest ${Math.min(...ratios).toFixed(2)}, highest ${Math.max(...ratios).toFixed(2)}). At least 0.97 is wanted. Load ${loadavg()[0]!.toFixed(1)}.`,
    );
    return ratio;
  } finally {
    await hosts.close();
  }
}

print(`${describeMachine()}.`);
const ratio = await tellCost(`http://${listVirtualAddresses(cluster)[0]!.address}`);
if (words.includes('--write'))
  await writeSection('## What monitoring costs', `\`node bench/monitoring-cost.ts\`: ${lines.join(' ')}`);
process.exitCode = ratio >= 0.97 ? 0 : 1;
