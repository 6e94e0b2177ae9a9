/** What the tests of a suite have in common. */
import { loadavg } from 'node:os';
import type { TourTarget } from '../../../stacks/sirip-hiu/tour.ts';
import type { CommandContext } from '../../cli.ts';
import type { ReferenceRow } from '../../drill/report/report-data.ts';
import type { DrillResult } from '../../drill/run-drill.ts';
import type { Stage } from '../../drill/stage.ts';
import { awaitCalm } from './await-calm.ts';
import { type OpenDrills, work } from './open-drills.ts';

export interface SuiteRun {
  open: OpenDrills;
  tour: TourTarget;
  context: CommandContext;
  /** Adds to the results, and to the rows beside the reference's. */
  add: (result: DrillResult, rows: ReferenceRow[]) => Promise<void>;
}

/** A test of the suite, shown while it runs, begun when the one before has left no trace. */
export function step<Result>(
  { open, context }: SuiteRun,
  title: string,
  act: (stage: Stage) => Promise<Result>,
): Promise<Result> {
  return work(context, title, async (report) => {
    const stage = { ...open.stage, report };
    await awaitCalm(stage, open.load.targets, open.known);
    return act(stage);
  });
}

/** What every result begins with. */
export function base(
  number: number,
  name: string,
  title: string,
): Pick<DrillResult, 'number' | 'name' | 'title' | 'objectives' | 'timeline'> {
  return { number, name, title, objectives: [], timeline: [] };
}

/** Met when all objectives are; with the load that this computer had. */
export function verdictOf(
  objectives: DrillResult['objectives'],
): Pick<DrillResult, 'verdict' | 'objectives' | 'load'> {
  return {
    verdict: objectives.every(({ met }) => met) ? 'met' : 'missed',
    objectives,
    load: loadavg()[0]!,
  };
}
