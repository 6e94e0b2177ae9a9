/** What was measured, in the words of the table beside the reference's figures. Pure. */
import type { Figures } from '../probe/summarise.ts';
import type { DrillResult } from '../run-drill.ts';
import type { ResourceSample } from '../sample-resources.ts';

const ms = (value: number | undefined): string =>
  value === undefined ? '–' : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

/** `0 of 1,500 failed, longest gap 268 ms`; why there is nothing, where a drill wasn't run. */
export function describeGap({ probe, reason }: Pick<DrillResult, 'probe' | 'reason'>): string {
  if (!probe) return reason ?? 'not run';
  const { failed, requests, longestGap } = probe.figures;
  return `${failed} of ${requests.toLocaleString('en-US')} failed, longest gap ${ms(longestGap?.ms)}`;
}

/** `delay 4.1 ms, jitter 1.2 ms, loss 0 %, 0.12 Mbit/s`: the four figures of quality of service. */
export function describeQuality({ latencyMs, jitterMs, loss, bytesPerSecond }: Figures): string {
  const percent = Number((loss * 100).toFixed(2));
  return `delay ${ms(latencyMs?.mean)}, jitter ${ms(jitterMs ?? undefined)}, loss ${percent} %, ${((bytesPerSecond * 8) / 1e6).toFixed(2)} Mbit/s`;
}

/** `10,000: 0 failed, p50/p99 4.1/38 ms, 499/s`. */
export function describeStress({ requests, failed, latencyMs, throughputPerSecond }: Figures): string {
  const spread = latencyMs === null ? '–' : `${ms(latencyMs.p50)}/${ms(latencyMs.p99)}`;
  return `${requests.toLocaleString('en-US')}: ${failed} failed, p50/p99 ${spread}, ${Math.round(throughputPerSecond)}/s`;
}

/** `worker1 45 % of a core, 210 MB`, of each node the mean of its samples. */
export function describeResources(samples: readonly ResourceSample[]): string {
  const groups = Map.groupBy(samples, ({ node }) => node);
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return [...groups]
    .map(
      ([node, own]) =>
        `${node} ${Math.round(mean(own.map(({ processorPercent }) => processorPercent)))} % of a core, ${Math.round(mean(own.map(({ memoryBytes }) => memoryBytes)) / 1e6)} MB`,
    )
    .join('; ');
}
