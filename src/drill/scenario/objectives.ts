/** What must hold in many drills. */
import type { Objective } from './drill.ts';

export const nothingLost: Objective = { figure: 'failed', atMost: 0 };
export const oneHolder: Objective = { figure: 'holders after', exactly: 1 };
export const gapAtMost = (atMostMs: number): Objective => ({ figure: 'longest gap', atMostMs });
/** What was under way at the moment that the fault struck. */
export const onlyInFlight: Objective = { figure: 'failed seconds', atMost: 0.05 };
