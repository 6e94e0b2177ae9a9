// What the probe's own figures are worth, against a server in another process on loopback.
// First its own error: the latency it reports, less what the server spent on the request; so the kernel's and the
// server's reading and writing count as error, too. Then a server that freezes for half a second once in a thousand
// requests, seen by the probe and by a closed loop on one connection.
// Run: node bench/probe.ts [seconds a run, 10]
import { availableParallelism, loadavg } from 'node:os';
import { checkOptions } from '../src/drill/probe/check-options.ts';
import {
  addHistograms,
  countDurations,
  type Histogram,
  readPercentile,
} from '../src/drill/probe/histogram.ts';
import { monotonicMs } from '../src/drill/probe/monotonic.ts';
import type { ProbeTarget } from '../src/drill/probe/options.ts';
import { type ProbeResult, startProbe } from '../src/drill/probe/probe.ts';
import { renderReceipt } from '../src/drill/probe/render-receipt.ts';
import { createTransport } from '../src/drill/probe/transport.ts';
import { runClosedLoop } from '../test/drill/probe/closed-loop.ts';
import { startLoopbackServer } from '../test/drill/probe/loopback-server.ts';

const durationMs = Number(process.argv[2] ?? 10) * 1000;
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const format = (ms: number | null): string =>
  (ms ?? Number.NaN).toFixed(ms !== null && ms < 10 ? 2 : 0).padStart(7);
const printLoad = (): void =>
  print(
    `load average ${loadavg()
      .map((load) => load.toFixed(2))
      .join(' ')} on ${availableParallelism()} cores`,
  );

function mixTargets(url: string): ProbeTarget[] {
  return [
    { kind: 'http', name: 'GET', url, serverHeader: 'x-served', weight: 3 },
    { kind: 'http', name: 'POST', url, method: 'POST', body: 'x'.repeat(1024), serverHeader: 'x-served' },
  ];
}

function measureOwnError({ records }: ProbeResult): Histogram {
  return countDurations(
    records.flatMap(({ server, intendedMs, endedMs }) => {
      if (server === null) return [];
      const [readMs, answeredMs] = server.split(',').map(Number);
      return endedMs - intendedMs - (answeredMs! - readMs!);
    }),
  );
}

function printHistogram(name: string, histogram: Histogram): void {
  const [p50, p90, p99, p999] = [50, 90, 99, 99.9].map((percent) =>
    format(readPercentile(histogram, percent)),
  );
  print(`${name.padEnd(34)} ${p50} ${p90} ${p99} ${p999} ${format(histogram.most / 1000)}`);
}

const heading = `${''.padEnd(34)}     p50     p90     p99   p99.9   worst  (ms)`;

print("The probe's own error");
printLoad();
print(heading);
for (const ratePerSecond of [100, 1000, 2000]) {
  await using server = await startLoopbackServer();
  const cpuBefore = process.cpuUsage();
  const options = { targets: mixTargets(server.url), ratePerSecond, durationMs, warmUpMs: 1000 };
  const result = await startProbe(options).finished;
  const { user, system } = process.cpuUsage(cpuBefore);
  const share = (user + system) / 1000 / (durationMs + 1000);
  printHistogram(`${ratePerSecond}/s, all in all`, measureOwnError(result));
  const late = result.records.map((record) => record.startedMs! - record.intendedMs);
  printHistogram(`${ratePerSecond}/s, of it before sending`, countDurations(late));
  print(`  ${renderReceipt(result.figures)}; ${(share * 100).toFixed(0)} % of a core`);
}
printLoad();

print('\nA server that freezes for 500 ms once in 1,000 requests');
print(heading);
const stall = { every: 1000, ms: 500 };
{
  await using server = await startLoopbackServer({ stall });
  const options = { targets: mixTargets(server.url), ratePerSecond: 1000, durationMs, warmUpMs: 0 };
  const { figures } = await startProbe(options).finished;
  printHistogram('open loop, 1000/s', figures.histogram);
  print(`  ${renderReceipt(figures)}`);
}
{
  await using server = await startLoopbackServer({ stall });
  const targets = mixTargets(server.url);
  const transport = createTransport(checkOptions({ targets, ratePerSecond: 1, durationMs: 1 }));
  const histograms: Histogram[] = [];
  let count = 0;
  for (const startedMs = monotonicMs(); monotonicMs() < startedMs + durationMs; count += 1000)
    histograms.push(countDurations(await runClosedLoop(1000, { now: monotonicMs }, transport)));
  await transport.close();
  printHistogram('closed loop, one connection', addHistograms(histograms));
  print(`  ${count.toLocaleString('en-US')} requests, ${histograms.length} of them frozen`);
}
printLoad();
