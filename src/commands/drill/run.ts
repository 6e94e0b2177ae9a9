import { writeFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { CommandContext } from '../../cli.ts';
import { deriveTargets, fitTargets } from '../../drill/derive-load.ts';
import { healLeftovers } from '../../drill/heal-leftovers.ts';
import { openStage } from '../../drill/open-stage.ts';
import { renderReceipt } from '../../drill/probe/render-receipt.ts';
import { tryTargets } from '../../drill/probe/try-targets.ts';
import type { ReportData } from '../../drill/report/report-data.ts';
import { type DrillResult, runDrill } from '../../drill/run-drill.ts';
import { drills } from '../../drill/scenario/catalogue.ts';
import type { Drill } from '../../drill/scenario/drill.ts';
import type { Stage } from '../../drill/stage.ts';
import { exitCodes, InputError, UserError } from '../../errors.ts';
import { findNearestWord } from '../../input/nearest-word.ts';
import { formatCount } from '../../output/format.ts';
import { showWork } from '../../output/show-work.ts';
import { neutralise } from '../../output/terminal.ts';
import { loadInputs } from '../../pipeline/inputs.ts';
import { type ApplyOptions, addClusterOptions, confirm, printJson } from '../session.ts';
import { readTargets } from './read-targets.ts';

interface RunOptions extends ApplyOptions {
  all?: boolean;
  rate: string;
  targets?: string;
  allowDisruption?: boolean;
  out?: string;
}

/** A target that is slower than this is left out. */
const answerWithinMs = 5_000;

/** Adds `kawanan drill run`. */
export function addRun(command: Command, context: CommandContext): void {
  const run = command
    .command('run')
    .description(
      'break something under load, heal it, and say what was lost; kawanan drill ls names the drills',
    )
    .argument('[name...]', 'drills, by name or number')
    .option('--all', 'every drill that this cluster can show')
    .option('--rate <n>', 'requests a second', '200')
    .option('--targets <file>', 'a YAML list of what to send; without it each frontend is read')
    .option('--allow-disruption', 'also what interrupts a service that people may be using')
    .option('--out <file>', 'write everything that was seen as JSON, for kawanan drill report')
    .option('-y, --yes', 'go ahead without asking');
  addClusterOptions(run).action((names: string[], options: RunOptions) => runDrills(names, options, context));
}

async function runDrills(names: string[], options: RunOptions, context: CommandContext): Promise<void> {
  const { terminal, cwd, env, signal } = context;
  const wanted = chooseDrills(names, options.all ?? false);
  const { cluster, stacks } = await loadInputs({ ...options, cwd, env, writeSecrets: false });
  if (stacks.length === 0)
    throw new UserError('the cluster file names no stack to drill', { next: 'add "stack:" to it' });
  const { stage, model } = await openStage({
    cluster,
    definitions: stacks.map(({ definition }) => definition),
    cwd,
    env,
    signal,
    report: () => {},
  });
  const address =
    cluster.balancer?.vip?.address ?? cluster.nodes.find(({ role }) => role === 'balancer')?.address;
  const derived = options.targets === undefined;
  const wished = derived
    ? deriveTargets(model, [address ?? ''])
    : await readTargets(resolve(cwd, options.targets!), cluster.variables);
  if (address === undefined || wished.length === 0)
    throw new UserError('there is nothing to send requests to: no balancer serves anything', {
      next: 'drills measure through a balancer: add x-balancer to the compose file',
    });
  await agree(wanted, stage, options, context);
  const ratePerSecond = readRate(options.rate);

  const startedAt = new Date();
  const results: DrillResult[] = [];
  for (const line of await work(context, 'healing what earlier drills left', (report) =>
    healLeftovers({ ...stage, report }),
  ))
    terminal.err(`healed ${line}\n`);
  const { targets, silent } = fitTargets(wished, await tryTargets(wished, answerWithinMs));
  for (const line of silent) terminal.err(`${neutralise(`left out, for it fails already: ${line}`)}\n`);
  if (targets.length === 0)
    throw new UserError(`nothing answers at ${address}, so nothing can be lost`, {
      next: 'kawanan doctor says what is wrong with it',
    });
  for (const drill of wanted) {
    const result = await work(context, drill.title, (report) =>
      runDrill(drill, { ...stage, report }, { targets, ratePerSecond, insecure: derived }),
    );
    results.push(result);
    if (!options.json) printResult(result, context);
  }
  if (options.out !== undefined) {
    const data: ReportData = {
      cluster: cluster.name,
      startedAt: startedAt.toISOString(),
      machine: describeMachine(),
      ratePerSecond,
      results,
    };
    await writeFile(resolve(cwd, options.out), `${JSON.stringify(data)}\n`);
  }
  if (options.json) printJson(context, results.map(withoutRecords));
  else printSummary(results, context);
  if (results.some(({ verdict }) => verdict === 'missed')) context.setExitCode(exitCodes.failed);
}

function chooseDrills(names: string[], all: boolean): Drill[] {
  if (all && names.length > 0)
    throw new InputError({
      message: '--all and names of drills exclude each other',
      next: 'leave one of them out',
    });
  if (all) return [...drills];
  if (names.length === 0)
    throw new InputError({
      message: 'no drill is named',
      next: 'kawanan drill ls lists them; --all runs every one',
    });
  const problems = names
    .filter((name) => !findDrill(name))
    .map((name) => {
      const nearest = findNearestWord(
        name,
        drills.map((drill) => drill.name),
      );
      return {
        message: `there is no drill ${JSON.stringify(name)}`,
        next:
          nearest === undefined ? 'kawanan drill ls lists them' : `did you mean ${JSON.stringify(nearest)}?`,
      };
    });
  if (problems.length > 0) throw new InputError(problems);
  return names.map((name) => findDrill(name)!);
}

function findDrill(name: string): Drill | undefined {
  return drills.find((drill) => drill.name === name || String(drill.number) === name);
}

function readRate(text: string): number {
  const rate = Number(text);
  if (Number.isInteger(rate) && rate > 0) return rate;
  throw new InputError({
    message: `--rate ${JSON.stringify(text)} is no number of requests`,
    next: 'write e.g. --rate 200',
  });
}

/** Asks before a service that people may be using is interrupted; a lab is there to be broken. */
async function agree(
  wanted: Drill[],
  stage: Stage,
  options: RunOptions,
  context: CommandContext,
): Promise<void> {
  if (stage.lab) return;
  const disruptive = wanted.filter(({ reach }) => reach === 'disruptive');
  if (disruptive.length > 0 && !options.allowDisruption)
    throw new UserError(
      `${disruptive.map(({ name }) => name).join(', ')}: would interrupt a service that people may be using`,
      {
        details: disruptive.map(({ title }) => title),
        next: 'add --allow-disruption where that may be',
      },
    );
  await confirm(`Break things on ${stage.cluster.name}?`, options, context);
}

function work<Result>(
  { terminal, signal }: CommandContext,
  title: string,
  act: (report: (message: string) => void) => Promise<Result>,
): Promise<Result> {
  return showWork(terminal, title, signal, ({ report }) => act(report));
}

function printResult(result: DrillResult, { terminal }: CommandContext): void {
  const { colors } = terminal;
  const marks = {
    met: colors.green('met    '),
    missed: colors.red('missed '),
    'not run': colors.yellow('not run'),
  };
  terminal.out(`${marks[result.verdict]} ${result.number} ${result.name}: ${result.title}\n`);
  if (result.reason !== undefined) terminal.out(`        ${neutralise(result.reason)}\n`);
  if (result.probe) terminal.out(`        ${renderReceipt(result.probe.figures)}\n`);
  for (const { text, measured, met } of result.objectives)
    terminal.out(`        ${met ? colors.green('✓') : colors.red('✗')} ${text}: ${measured}\n`);
  if (result.verdict === 'missed')
    for (const { atMs, host, text } of result.timeline)
      terminal.out(
        colors.dim(`        ${(atMs / 1000).toFixed(3)} s ${host ?? 'here'}: ${neutralise(text)}\n`),
      );
}

function printSummary(results: DrillResult[], { terminal }: CommandContext): void {
  const count = (verdict: DrillResult['verdict']): number =>
    results.filter((one) => one.verdict === verdict).length;
  terminal.out(
    `${formatCount(results.length, 'drill')}: ${count('met')} met, ${count('missed')} missed, ${count('not run')} not run\n`,
  );
}

function describeMachine(): string {
  return `${formatCount(availableParallelism(), 'core')}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node.js ${process.versions.node}`;
}

/** Without the single requests, which are thousands. */
function withoutRecords({ probe, ...rest }: DrillResult): object {
  if (!probe) return rest;
  const { records: _, ...figures } = probe;
  return { ...rest, probe: figures };
}
