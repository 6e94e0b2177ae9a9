/** Between two drills: waits until the first one's consequences are over, or they would be counted as the second one's. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fitTargets } from '../../drill/derive-load.ts';
import type { ProbeTarget } from '../../drill/probe/options.ts';
import { tryTargets } from '../../drill/probe/try-targets.ts';
import type { Stage } from '../../drill/stage.ts';
import { withHosts } from '../../drill/stage.ts';
import { InterruptedError } from '../../errors.ts';
import { readClusterStatus } from '../../pipeline/read-status.ts';

const patienceMs = 90_000;
const pauseMs = 500;
const answerWithinMs = 2_000;

/** What is not as it should be with a cluster: services, balancers, addresses. */
export function listTroubles(stage: Pick<Stage, 'cluster'>): Promise<string[]> {
  return withHosts(stage, async (hosts) => (await readClusterStatus(stage.cluster, hosts)).degraded);
}

/**
 * Waits until every target answers and nothing is wrong with the cluster that wasn't before (`known`), twice in a row.
 *
 * @returns what is wrong still after a minute and a half; nothing when all is well. @throws InterruptedError
 */
export async function awaitCalm(stage: Stage, targets: ProbeTarget[], known: string[]): Promise<string[]> {
  const deadline = performance.now() + patienceMs;
  let calm = 0;
  for (;;) {
    const troubles = await lookForTroubles(stage, targets, known);
    calm = troubles.length === 0 ? calm + 1 : 0;
    if (calm >= 2) return [];
    if (performance.now() > deadline) return troubles;
    if (troubles[0] !== undefined) stage.report(`waiting for calm: ${troubles[0]}`);
    await sleep(pauseMs, undefined, { signal: stage.signal }).catch(() => {});
    if (stage.signal.aborted) throw new InterruptedError('interrupted between two drills: nothing is broken');
  }
}

async function lookForTroubles(stage: Stage, targets: ProbeTarget[], known: string[]): Promise<string[]> {
  try {
    const { silent } = fitTargets(targets, await tryTargets(targets, answerWithinMs));
    if (silent.length > 0) return silent;
    return (await listTroubles(stage)).filter((one) => !known.includes(one));
  } catch (error) {
    // A cluster that can't even be looked at isn't calm; it must not end a run of many drills.
    return [error instanceof Error ? error.message : String(error)];
  }
}
