/** The reference's tests of function and failure. */
import { setTimeout as sleep } from 'node:timers/promises';
import { armFault } from '../../drill/faults/strike.ts';
import { describeGap } from '../../drill/reference/describe-figures.ts';
import { published } from '../../drill/reference/published.ts';
import type { ReferenceRow } from '../../drill/report/report-data.ts';
import { type DrillResult, runDrill } from '../../drill/run-drill.ts';
import { drills } from '../../drill/scenario/catalogue.ts';
import type { Fault } from '../../drill/scenario/drill.ts';
import { InterruptedError } from '../../errors.ts';
import { awaitCalm } from './await-calm.ts';
import { base, type SuiteRun, step, verdictOf } from './suite-run.ts';

/** Everything that a person does on the site, once through. */
export async function testFunctions(run: SuiteRun): Promise<void> {
  const title = 'the functions of the site: log in, store a picture, its row, its link, the dashboard';
  const steps: string[] = [];
  const result = await step(run, title, async (): Promise<DrillResult> => {
    const { tourSiripHiu } = await import('../../../stacks/sirip-hiu/tour.ts');
    const failure = await tourSiripHiu(run.tour, (done) => steps.push(done.title)).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const objective = {
      text: 'all of the site works',
      measured: failure ?? steps.join(', '),
      met: failure === undefined,
    };
    return { ...base(1, 'functions', title), ...verdictOf([objective]) };
  });
  const measured = result.verdict === 'met' ? `all ${steps.length} pass` : result.objectives[0]!.measured;
  await run.add(result, [{ what: 'functions of the site', published: published.functions, measured }]);
}

/** The active balancer loses its power and comes back, then gets its address back, people using the site meanwhile. */
export async function testFailover(run: SuiteRun): Promise<void> {
  const { prepareTourLoad } = await import('../../../stacks/sirip-hiu/tour-load.ts');
  const load = { targets: await prepareTourLoad(run.tour), ratePerSecond: 50 };
  const off = drills.find(({ name }) => name === 'balancer-off')!;
  const failover = await step(run, off.title, (stage) =>
    runDrill({ ...off, number: 2, name: 'failover' }, stage, load),
  );
  await run.add(failover, [
    { what: 'failover', published: published.failover, measured: describeGap(failover) },
  ]);
  const title = 'the balancer that came back gets its address again';
  const failback = await step(run, title, (stage) =>
    runDrill(
      {
        ...off,
        number: 3,
        name: 'failback',
        title,
        fault: { kind: 'run kawanan', args: ['balancer', 'failback', '--yes'] },
        holdMs: 0,
        objectives: [
          { figure: 'failed', atMost: 0 },
          { figure: 'longest gap', atMostMs: 100 },
          { figure: 'holders after', exactly: 1 },
        ],
      },
      stage,
      load,
    ),
  );
  const gaps = [failover, failback].map(({ probe }) => probe?.figures.longestGap?.ms ?? 0);
  await run.add(failback, [
    { what: 'failback', published: published.failback, measured: describeGap(failback) },
    {
      what: 'downtime',
      published: published.downtime,
      measured: `at most ${Math.round(Math.max(...gaps))} ms without an answer`,
    },
  ]);
}

/** The run of their record: ten threads of ten uploads, the active balancer lost in the middle. */
export async function testUploads(run: SuiteRun): Promise<void> {
  await uploadAcross(run, {
    ...base(
      4,
      'uploads',
      'ten threads store ten pictures each, and the active balancer is lost in the middle',
    ),
    fault: { kind: 'machine', where: 'active balancer', how: 'power off' },
    lostAtMost: 1,
    row: { what: 'uploads across a failover', published: published.uploads },
  });
}

/** The same run across a failover that somebody asked for: then there is no reason to lose any. Not a test of the reference's. */
export async function testPlannedUploads(run: SuiteRun): Promise<void> {
  await uploadAcross(run, {
    ...base(
      13,
      'uploads-planned',
      'ten threads store ten pictures each, and the address is moved in the middle',
    ),
    fault: { kind: 'run kawanan', args: ['balancer', 'failover', '--yes'] },
    lostAtMost: 0,
    row: { what: 'uploads across a planned failover', published: 'not tested' },
  });
}

interface UploadTest extends ReturnType<typeof base> {
  fault: Fault;
  lostAtMost: number;
  row: Omit<ReferenceRow, 'measured'>;
}

async function uploadAcross(run: SuiteRun, { fault, lostAtMost, row, ...test }: UploadTest): Promise<void> {
  const { describeUploads, uploadInThreads } = await import('../../../stacks/sirip-hiu/upload-threads.ts');
  let measured = '';
  const result = await step(run, test.title, async (stage): Promise<DrillResult> => {
    const armed = await armFault(fault, stage, { atMostMs: 60_000 });
    const strike = sleep(inTheMiddleMs, undefined, { signal: stage.signal }).then(() => armed.strike());
    // Both to their end, whatever becomes of the other: nothing may be broken after it was healed.
    const [uploaded, struck] = await Promise.allSettled([uploadInThreads(run.tour), strike]);
    await armed.heal();
    if (stage.signal.aborted) throw new InterruptedError('interrupted; what was broken is healed');
    if (struck.status === 'rejected') throw struck.reason;
    if (uploaded.status === 'rejected') throw uploaded.reason;
    const { lost, lostAgain } = uploaded.value;
    measured = describeUploads(uploaded.value);
    const objectives = [
      {
        text: lostAtMost === 0 ? 'none is lost' : `lost at most ${lostAtMost}, as published`,
        measured,
        met: lost <= lostAtMost,
      },
      { text: 'lost none that is sent again', measured: String(lostAgain), met: lostAgain === 0 },
    ];
    return { ...test, target: armed.target, ...verdictOf(objectives) };
  });
  await run.add(result, [{ ...row, measured: measured || result.reason! }]);
}

const inTheMiddleMs = 9_000;

/** The database is killed while pictures are stored: what it said yes to must be there afterwards. Not a test of the reference's. */
export async function testDatabase(run: SuiteRun): Promise<void> {
  const title = 'the database is killed while pictures are stored, and has all that was acknowledged';
  const { findLostRecords, storeSteadily } = await import('../../../stacks/sirip-hiu/stored-records.ts');
  let measured = '';
  const result = await step(run, title, async (stage): Promise<DrillResult> => {
    const fault = { kind: 'signal task', signal: 'KILL', role: 'database' } as const;
    const armed = await armFault(fault, stage, { atMostMs: storeForMs });
    stage.report(`storing pictures, breaking ${armed.target}`);
    const kill = sleep(storeForMs / 4, undefined, { signal: stage.signal }).then(() => armed.strike());
    const [stored, killed] = await Promise.allSettled([storeSteadily(run.tour, storeForMs), kill]);
    if (stage.signal.aborted) throw new InterruptedError('interrupted');
    if (killed.status === 'rejected') throw killed.reason;
    if (stored.status === 'rejected') throw stored.reason;
    await awaitCalm(stage, run.open.load.targets, run.open.known);
    const lost = await findLostRecords(run.tour, stored.value);
    const { size } = stored.value.acknowledged;
    measured = `${size} acknowledged, ${lost.length} of them lost, ${stored.value.refused} refused`;
    const objective = {
      text: 'no acknowledged record is lost',
      measured,
      met: size > 0 && lost.length === 0,
    };
    return { ...base(12, 'acknowledged', title), target: armed.target, ...verdictOf([objective]) };
  });
  await run.add(result, [{ what: 'database killed', published: 'not tested', measured }]);
}

const storeForMs = 16_000;
