import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { CommandContext } from '../../cli.ts';
import { healLeftovers } from '../../drill/heal-leftovers.ts';
import type { ReportData } from '../../drill/report/report-data.ts';
import { type DrillResult, runDrill } from '../../drill/run-drill.ts';
import { drills } from '../../drill/scenario/catalogue.ts';
import type { Drill } from '../../drill/scenario/drill.ts';
import { exitCodes, InputError } from '../../errors.ts';
import { findNearestWord } from '../../input/nearest-word.ts';
import { checkWritable } from '../../output/explain-write.ts';
import { neutralise } from '../../output/terminal.ts';
import { addClusterOptions, printJson } from '../session.ts';
import { awaitCalm } from './await-calm.ts';
import { type DrillOptions, openDrills, work } from './open-drills.ts';
import { describeMachine, printResult, printSummary, withoutRecords, writeResults } from './tell-results.ts';

interface RunOptions extends DrillOptions {
  all?: boolean;
  suite?: string;
  out?: string;
}

/** Adds `kawanan drill run`. */
export function addRun(command: Command, context: CommandContext): void {
  const run = command
    .command('run')
    .description(
      'break something under load, heal it, and say what was lost; kawanan drill ls names the drills',
    )
    .argument('[name...]', 'drills, by name or number')
    .option('--all', 'every drill that this cluster can show, those that repeat things with fewer rounds')
    .option('--suite <name>', "reference: the tests of the reference's authors, beside their figures")
    .option('--rate <n>', 'requests a second', '200')
    .option('--targets <file>', 'a YAML list of what to send; without it each route is read')
    .option('--allow-disruption', 'also what interrupts a service that people may be using')
    .option('--out <file>', 'write everything that was seen as JSON, for kawanan drill report')
    .option('-y, --yes', 'go ahead without asking');
  addClusterOptions(run).action(async (names: string[], options: RunOptions) => {
    checkChoice(names, options);
    if (options.out !== undefined) await checkWritable(options.out, context.cwd);
    if (options.suite === undefined) await runDrills(names, options, context);
    else await (await import('./reference-suite.ts')).runReferenceSuite(options, context);
  });
}

async function runDrills(names: string[], options: RunOptions, context: CommandContext): Promise<void> {
  const { terminal, cwd } = context;
  const wanted = chooseDrills(names, options.all ?? false);
  const { stage, load, known } = await openDrills(wanted, options, context);
  const data: ReportData = {
    cluster: stage.cluster.name,
    startedAt: new Date().toISOString(),
    machine: describeMachine(),
    ratePerSecond: load.ratePerSecond,
    results: [],
  };
  for (const drill of wanted) {
    const { result, troubles } = await work(context, drill.title, async (report) => {
      const own = { ...stage, report };
      const troubles = data.results.length > 0 ? await awaitCalm(own, load.targets, known) : [];
      const result = await runDrill(drill, own, load);
      // Whatever kept it from its end may have kept it from healing, too.
      if (result.verdict === 'not run') troubles.push(...(await healLeftovers(own)));
      return { result, troubles };
    });
    for (const line of troubles) terminal.err(`${neutralise(`wrong before ${drill.name}: ${line}`)}\n`);
    data.results.push(result);
    if (!options.json) printResult(result, context);
    if (options.out !== undefined) await writeResults(resolve(cwd, options.out), data);
  }
  tellAll(data.results, options, context);
}

function tellAll(results: DrillResult[], { json }: RunOptions, context: CommandContext): void {
  if (json) printJson(context, results.map(withoutRecords));
  else printSummary(results, context);
  if (results.some(({ verdict }) => verdict === 'missed')) context.setExitCode(exitCodes.failed);
}

function checkChoice(names: string[], { all, suite }: RunOptions): void {
  const said = [names.length > 0, all, suite !== undefined].filter(Boolean).length;
  if (said > 1)
    throw new InputError({
      message: 'names of drills, --all and --suite exclude each other',
      next: 'leave all but one of them out',
    });
  if (said === 0)
    throw new InputError({
      message: 'no drill is named',
      next: 'kawanan drill ls lists them; --all runs every one',
    });
  if (suite !== undefined && suite !== 'reference')
    throw new InputError({
      message: `there is no suite ${JSON.stringify(suite)}`,
      next: 'the one there is: --suite reference',
    });
}

function chooseDrills(names: string[], all: boolean): Drill[] {
  if (all) return drills.map((drill) => ({ ...drill, ...drill.brief }));
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
