import { loadavg } from 'node:os';
import { InterruptedError } from '../../errors.ts';
import { startProbe } from '../probe/probe.ts';
import type { DrillLoad, DrillResult } from '../run-drill.ts';
import { startSampling } from '../sample-resources.ts';
import type { JudgedObjective } from '../scenario/judge-drill.ts';
import type { Stage } from '../stage.ts';

export interface MeasuredLoad extends DrillLoad {
  number: number;
  name: string;
  title: string;
  durationMs: number;
  /** What must hold of what was measured. */
  judge: (result: NonNullable<DrillResult['probe']>) => JudgedObjective[] | Promise<JudgedObjective[]>;
}

/** A load with nothing broken, told as drills are. @throws InterruptedError when the signal ends it. */
export async function measureLoad(stage: Stage, load: MeasuredLoad): Promise<DrillResult> {
  const { number, name, title, durationMs, judge, ...sent } = load;
  stage.report(`load: ${load.ratePerSecond} requests a second for ${Math.round(durationMs / 1000)} s`);
  const probe = startProbe({ ...sent, durationMs }, { signal: stage.signal });
  await probe.started;
  const sampler = startSampling(stage, Date.now());
  const result = await probe.finished;
  const resources = await sampler.stop();
  if (stage.signal.aborted) throw new InterruptedError('interrupted');
  const objectives = await judge(result);
  return {
    number,
    name,
    title,
    verdict: objectives.every(({ met }) => met) ? 'met' : 'missed',
    objectives,
    timeline: [],
    probe: result,
    resources,
    load: loadavg()[0]!,
  };
}
