import { openStage } from '../src/drill/open-stage.ts';
import type { Stage } from '../src/drill/stage.ts';
import { loadInputs } from '../src/pipeline/inputs.ts';
import { root } from './run-program.ts';

/** What a bench's drills act on: the cluster of this file with its stacks, as they are now. */
export async function openBenchStage(file: string, signal: AbortSignal): Promise<Stage> {
  const { cluster, stacks } = await loadInputs({ file, cwd: root, env: process.env, writeSecrets: false });
  const { stage } = await openStage({
    cluster,
    definitions: stacks.map(({ definition }) => definition),
    cwd: root,
    env: process.env,
    signal,
    report: () => {},
  });
  return stage;
}
