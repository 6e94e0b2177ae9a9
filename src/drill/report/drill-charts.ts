/** The charts of one drill. */
import type { ProbeRecord } from '../probe/record.ts';
import { summariseBy } from '../probe/summarise.ts';
import type { DrillResult } from '../run-drill.ts';
import type { ResourceSample } from '../sample-resources.ts';
import { bucketRecords } from './bucket.ts';
import { axis, drawChart, ink } from './chart.ts';

const wide = { width: 860, height: 230 };
const half = { width: 420, height: 220 };
const bucketMs = 100;
const grid = { left: 58, right: 52, top: 30, bottom: 44 };

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}

/** Latency and failures over time, with the fault and its end marked. */
export function drawLatencyOverTime({ probe, struckMs, healedMs, title }: DrillResult): string {
  if (!probe) return '';
  const buckets = bucketRecords(probe.records, bucketMs);
  const marks = [
    ...(struckMs === undefined ? [] : [{ xAxis: seconds(struckMs), name: 'fault' }]),
    ...(healedMs === undefined ? [] : [{ xAxis: seconds(healedMs), name: 'healed' }]),
  ];
  return drawChart(
    {
      grid,
      legend: { top: 0, textStyle: { color: ink.faint }, data: ['median', 'worst', 'failed'] },
      xAxis: axis('seconds', { type: 'value', min: 0, max: seconds(buckets.at(-1)?.fromMs ?? 1) }),
      yAxis: [
        axis('ms', { type: 'log', nameGap: 40, min: 0.1, splitNumber: 4 }),
        axis('failed in 0.1 s', { type: 'value', nameGap: 30, minInterval: 1, splitLine: { show: false } }),
      ],
      series: [
        {
          name: 'median',
          type: 'line',
          symbol: 'none',
          connectNulls: false,
          lineStyle: { width: 1.5 },
          data: buckets.map(({ fromMs, median }) => [seconds(fromMs), median]),
          markLine: {
            symbol: 'none',
            label: { formatter: '{b}', color: ink.mark, position: 'insideEndTop' },
            lineStyle: { color: ink.mark, type: 'dashed' },
            data: marks,
          },
        },
        {
          name: 'worst',
          type: 'line',
          symbol: 'none',
          lineStyle: { width: 1, opacity: 0.7 },
          data: buckets.map(({ fromMs, worst }) => [seconds(fromMs), worst]),
        },
        {
          name: 'failed',
          type: 'bar',
          yAxisIndex: 1,
          barWidth: 3,
          itemStyle: { color: ink.bad },
          data: buckets
            .filter(({ failed }) => failed > 0)
            .map(({ fromMs, failed }) => [seconds(fromMs), failed]),
        },
      ],
    },
    wide,
    `Latency and failures over time: ${title}`,
  );
}

/** How many requests took how long, before the fault and from then on where there was one. */
export function drawHistogram({ probe, struckMs, title }: DrillResult): string {
  if (!probe) return '';
  const edges = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];
  const count = (records: ProbeRecord[]): number[] => {
    const counts = edges.map(() => 0);
    for (const { failure, endedMs, intendedMs } of records) {
      if (failure !== null) continue;
      const index = edges.findIndex((edge) => endedMs - intendedMs <= edge);
      counts[index < 0 ? edges.length - 1 : index]!++;
    }
    return counts;
  };
  const groups =
    struckMs === undefined
      ? [{ name: 'all', records: probe.records }]
      : [
          { name: 'before', records: probe.records.filter(({ intendedMs }) => intendedMs < struckMs) },
          {
            name: 'since the fault',
            records: probe.records.filter(({ intendedMs }) => intendedMs >= struckMs),
          },
        ];
  const share = (records: ProbeRecord[]): number[] =>
    count(records).map((number) =>
      records.length === 0 ? 0 : Math.round((number / records.length) * 1_000) / 10,
    );
  return drawChart(
    {
      grid: { ...grid, right: 16 },
      legend: { top: 0, textStyle: { color: ink.faint } },
      xAxis: axis('ms at most', { type: 'category', data: edges.map(String) }),
      yAxis: axis('% of requests', { type: 'value', nameGap: 36 }),
      series: groups.map(({ name, records }) => ({ name, type: 'bar', data: share(records) })),
    },
    half,
    `Latency histogram: ${title}`,
  );
}

/** Who answered how often, where balancers or answers say who did; else requests by target. */
export function drawDistribution({ probe, served, title }: DrillResult): string {
  if (!probe) return '';
  const named = served !== undefined || probe.records.some(({ server }) => server !== null);
  const entries: [name: string, counts: { succeeded: number; failed: number }][] = served
    ? Object.entries(served).map(([server, succeeded]) => [server, { succeeded, failed: 0 }])
    : Object.entries(
        summariseBy(probe.records, (record) => (named ? (record.server ?? 'nobody') : record.target)),
      );
  return drawChart(
    {
      grid: { ...grid, left: 196, right: 16 },
      legend: { top: 0, textStyle: { color: ink.faint } },
      xAxis: axis('requests', { type: 'value' }),
      yAxis: axis('', {
        type: 'category',
        data: entries.map(([name]) => name),
        axisLabel: { color: ink.faint, fontSize: 11, width: 176, overflow: 'truncate' },
      }),
      series: [
        {
          name: 'succeeded',
          type: 'bar',
          stack: 'all',
          itemStyle: { color: ink.good },
          data: entries.map(([, one]) => one.succeeded),
        },
        {
          name: 'failed',
          type: 'bar',
          stack: 'all',
          itemStyle: { color: ink.bad },
          data: entries.map(([, one]) => one.failed),
        },
      ],
    },
    half,
    `Requests by ${named ? 'server' : 'target'}: ${title}`,
  );
}

/** What each node's tasks used of processors while the drill ran. */
export function drawProcessors(result: DrillResult): string {
  return drawUse(result, '% of a core', ({ processorPercent }) => Math.round(processorPercent * 10) / 10);
}

/** What each node's tasks used of memory while the drill ran. */
export function drawMemory(result: DrillResult): string {
  return drawUse(result, 'MB', ({ memoryBytes }) => Math.round(memoryBytes / 1e6));
}

function drawUse(
  { resources = [], title }: DrillResult,
  unit: string,
  read: (sample: ResourceSample) => number,
): string {
  const nodes = [...new Set(resources.map(({ node }) => node))].sort();
  if (nodes.length === 0) return '';
  // One name below the other: three stand side by side nowhere.
  const legendHeight = 18 * nodes.length;
  return drawChart(
    {
      grid: { ...grid, right: 16, top: legendHeight + 12 },
      legend: { top: 0, left: 'center', orient: 'vertical', textStyle: { color: ink.faint } },
      xAxis: axis('seconds', { type: 'value', min: 0 }),
      yAxis: axis(unit, { type: 'value', min: 0, nameGap: 40 }),
      series: nodes.map((node) => ({
        name: node,
        type: 'line',
        symbol: 'none',
        data: resources
          .filter((sample) => sample.node === node)
          .map((sample) => [seconds(sample.atMs), read(sample)]),
      })),
    },
    { width: half.width, height: half.height + legendHeight },
    `${unit} by node: ${title}`,
  );
}
