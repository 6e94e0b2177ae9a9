/** The reference's tests of function and failure. */
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeGap } from '../../drill/reference/describe-figures.ts';
import { published } from '../../drill/reference/published.ts';
import { type DrillResult, runDrill } from '../../drill/run-drill.ts';
import { drills } from '../../drill/scenario/catalogue.ts';
import { findVipHolders } from '../../drill/stage.ts';
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
  const title = 'ten threads store ten pictures each, and the active balancer is lost in the middle';
  const { describeUploads, uploadInThreads } = await import('../../../stacks/sirip-hiu/upload-threads.ts');
  const { killNode, startNode } = await import('../../lab/faults.ts');
  const inTheMiddleMs = 9_000;
  let measured = '';
  const result = await step(run, title, async (stage): Promise<DrillResult> => {
    const [holder] = await findVipHolders(stage);
    if (holder === undefined)
      return {
        ...base(4, 'uploads', title),
        verdict: 'not run',
        reason: 'nobody holds the address',
        load: loadavg()[0]!,
      };
    const progress = { report: stage.report, signal: new AbortController().signal };
    const lose = sleep(inTheMiddleMs, undefined, { signal: stage.signal }).then(() =>
      killNode(stage.lab!, holder, progress),
    );
    // Both to their end, whatever becomes of the other: nothing may be switched off after it was switched on.
    const [uploaded, lost] = await Promise.allSettled([uploadInThreads(run.tour), lose]);
    await startNode(stage.lab!, holder, progress);
    if (stage.signal.aborted) throw new InterruptedError('interrupted; what was broken is healed');
    if (lost.status === 'rejected') throw lost.reason;
    if (uploaded.status === 'rejected') throw uploaded.reason;
    const uploads = uploaded.value;
    measured = describeUploads(uploads);
    const { lost: first, lostAgain } = uploads;
    const objectives = [
      { text: 'lost at most 1, as published', measured, met: first <= 1 },
      { text: 'lost none that is sent again', measured: String(lostAgain), met: lostAgain === 0 },
    ];
    return { ...base(4, 'uploads', title), ...verdictOf(objectives) };
  });
  await run.add(result, [
    { what: 'uploads across a failover', published: published.uploads, measured: measured || result.reason! },
  ]);
}

/** The database is killed while pictures are stored: what it said yes to must be there afterwards. Not a test of the reference's. */
export async function testDatabase(run: SuiteRun): Promise<void> {
  const title = 'the database is killed while pictures are stored, and has all that was acknowledged';
  const { findLostRecords, storeSteadily } = await import('../../../stacks/sirip-hiu/stored-records.ts');
  const { armFault } = await import('../../drill/faults/strike.ts');
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
