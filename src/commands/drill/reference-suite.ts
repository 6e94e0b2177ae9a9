/** `kawanan drill run --suite reference`: the tests of the reference's authors, on the stack that follows theirs. */
import { loadavg } from 'node:os';
import { resolve } from 'node:path';
import type { CommandContext } from '../../cli.ts';
import { healLeftovers } from '../../drill/heal-leftovers.ts';
import type { ReferenceRow, ReportData } from '../../drill/report/report-data.ts';
import { explainError } from '../../drill/run-drill.ts';
import { exitCodes, InterruptedError, UserError } from '../../errors.ts';
import { printJson } from '../session.ts';
import { type DrillOptions, openDrills, work } from './open-drills.ts';
import { base, type SuiteRun } from './suite-run.ts';
import {
  describeMachine,
  printReference,
  printResult,
  printSummary,
  withoutRecords,
  writeResults,
} from './tell-results.ts';
import {
  testDatabase,
  testFailover,
  testFunctions,
  testPlannedUploads,
  testUploads,
} from './test-failovers.ts';
import { testMethods, testStress } from './test-loads.ts';

const announced = [
  { name: 'reference', title: 'the active balancer loses its power, twice', reach: 'lab' as const },
];

const tests = [
  testFunctions,
  testFailover,
  testUploads,
  testMethods,
  testStress,
  testDatabase,
  testPlannedUploads,
];

/** Runs the suite to its end, about six minutes; a test that misses doesn't keep the others from running. */
export async function runReferenceSuite(
  options: DrillOptions & { out?: string },
  context: CommandContext,
): Promise<void> {
  const open = await openDrills(announced, options, context);
  const { stage } = open;
  if (!stage.services.some(({ key }) => key === 'fastapi') || !stage.lab)
    throw new UserError('the suite uses the reference system as its people do, and switches machines off', {
      next: 'run it on a lab with stacks/sirip-hiu: kawanan lab up, kawanan up',
    });
  const { readTourTarget } = await import('../../../stacks/sirip-hiu/tour-target.ts');
  const data: ReportData & { reference: ReferenceRow[] } = {
    cluster: stage.cluster.name,
    startedAt: new Date().toISOString(),
    machine: describeMachine(),
    ratePerSecond: open.load.ratePerSecond,
    results: [],
    reference: [],
  };
  const run: SuiteRun = {
    open,
    tour: await readTourTarget(stage.cluster.file),
    context,
    add: async (result, rows) => {
      data.results.push(result);
      data.reference.push(...rows);
      if (!options.json) printResult(result, context);
      if (options.out !== undefined) await writeResults(resolve(context.cwd, options.out), data);
    },
  };
  for (const [index, test] of tests.entries()) {
    try {
      await test(run);
    } catch (error) {
      if (error instanceof InterruptedError) throw error;
      const unfinished = {
        ...base(index + 1, test.name, 'a test that could not be made'),
        load: loadavg()[0]!,
      };
      await run.add({ ...unfinished, verdict: 'not run', reason: explainError(error) }, []);
      await work(context, 'healing what it left', (report) => healLeftovers({ ...stage, report }));
    }
  }
  if (options.json)
    printJson(context, { results: data.results.map(withoutRecords), reference: data.reference });
  else {
    printReference(data.reference, context);
    printSummary(data.results, context);
  }
  if (data.results.some(({ verdict }) => verdict === 'missed')) context.setExitCode(exitCodes.failed);
}
