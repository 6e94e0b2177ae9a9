/** The reference's tests of balancing and load. */
import type { CommandContext } from '../../cli.ts';
import {
  describeQuality,
  describeResources,
  describeStress,
} from '../../drill/reference/describe-figures.ts';
import { measureLoad } from '../../drill/reference/measure-load.ts';
import { published } from '../../drill/reference/published.ts';
import { readServed } from '../../drill/reference/read-served.ts';
import { addTrialFrontends, judgeSpread, methods } from '../../drill/reference/spread.ts';
import { applyInputs } from '../apply-cluster.ts';
import { openHosts } from '../session.ts';
import type { OpenDrills } from './open-drills.ts';
import { type SuiteRun, step } from './suite-run.ts';

/** Each method on a frontend of its own, which goes again in the end. */
export async function testMethods(run: SuiteRun): Promise<void> {
  const { open, context, add } = run;
  const { inputs, stage, address } = open;
  const [first, ...others] = inputs.stacks;
  const trial = addTrialFrontends(first?.definition.xBalancer?.value);
  if (!trial || stage.cluster.balancer?.engine !== 'haproxy') return;
  const { definition, ...rest } = first!;
  const changed = {
    ...inputs,
    stacks: [
      {
        ...rest,
        definition: { ...definition, xBalancer: { ...definition.xBalancer!, value: trial.section } },
      },
      ...others,
    ],
  };
  const rows: { distribution: string[]; performance: string[] } = { distribution: [], performance: [] };
  try {
    await step(run, 'a frontend for each method of balancing', () => applyBalancer(changed, context));
    for (const [index, method] of methods.entries()) {
      const title = `requests spread by ${method}`;
      const target = {
        kind: 'http' as const,
        name: method,
        url: `http://${address}:${trial.ports[method]}/`,
        connection: 'new' as const,
      };
      let served: Record<string, number> = {};
      const result = await step(run, title, (own) =>
        measureLoad(own, {
          number: 5 + index,
          name: method,
          title,
          targets: [target],
          ratePerSecond: 100,
          durationMs: 8_000,
          judge: async () => {
            served = (await readServed(own))[method];
            return [judgeSpread(method, served)];
          },
        }),
      );
      rows.distribution.push(`${method}: ${result.objectives[0]!.measured}`);
      rows.performance.push(`${method}: ${describeQuality(result.probe!.figures)}`);
      const isLast = index === methods.length - 1;
      await add(
        { ...result, served },
        isLast
          ? [
              {
                what: 'distribution per method',
                published: published.distribution,
                measured: rows.distribution.join('; '),
              },
              {
                what: 'performance per method',
                published: published.performance,
                measured: rows.performance.join('; '),
              },
            ]
          : [],
      );
    }
  } finally {
    // Also after Ctrl-C: what was added for the test goes.
    await applyBalancer(inputs, { ...context, signal: new AbortController().signal });
  }
}

/** Bursts of ever more requests, to ten thousand, and what the workers use meanwhile. */
export async function testStress(run: SuiteRun): Promise<void> {
  const { open, add } = run;
  // The site that people see, and not what stands behind other ports.
  const site = open.load.targets.find((target) => target.kind === 'http');
  const targets = open.load.targets.filter(
    (target) => target.kind === 'http' && new URL(target.url).origin === new URL(site!.url).origin,
  );
  const durationMs = 20_000;
  const counts = [1_000, 2_500, 5_000, 10_000];
  const rows: { stress: string[]; throughput: string[]; resources: string[] } = {
    stress: [],
    throughput: [],
    resources: [],
  };
  for (const [index, count] of counts.entries()) {
    const title = `${count.toLocaleString('en-US')} requests in ${durationMs / 1000} s`;
    const result = await step(run, title, (stage) =>
      measureLoad(stage, {
        ...open.load,
        targets,
        number: 8 + index,
        name: `stress-${count}`,
        title,
        ratePerSecond: count / (durationMs / 1000),
        durationMs,
        judge: ({ figures }) => [
          {
            text: 'failed at most 1 %',
            measured: `${figures.failed} of ${figures.requests}`,
            met: figures.loss <= 0.01,
          },
        ],
      }),
    );
    const { figures } = result.probe!;
    rows.stress.push(describeStress(figures));
    rows.throughput.push(
      `${((figures.bytesPerSecond * 8) / 1e6).toFixed(2)} Mbit/s at ${Math.round(figures.throughputPerSecond)} a second`,
    );
    rows.resources.push(`${count.toLocaleString('en-US')}: ${describeResources(result.resources ?? [])}`);
    const isLast = index === counts.length - 1;
    await add(
      result,
      isLast
        ? [
            { what: 'stress', published: published.stress, measured: rows.stress.join('; ') },
            { what: 'throughput', published: published.throughput, measured: rows.throughput.join('; ') },
            {
              what: 'resources per node',
              published: published.resources,
              measured: rows.resources.join(' · '),
            },
          ]
        : [],
    );
  }
}

/** Brings the balancers to what these inputs say, without a word. */
async function applyBalancer(inputs: OpenDrills['inputs'], context: CommandContext): Promise<void> {
  await using hosts = openHosts(inputs.cluster, context);
  const quiet = { ...context.terminal, out: () => {}, err: () => {}, interactive: false };
  await applyInputs(
    { inputs, hosts, startedAt: performance.now() },
    { yes: true, receipt: false },
    { command: 'drill run --suite reference', only: ['balancer'] },
    { ...context, terminal: quiet },
  );
}
