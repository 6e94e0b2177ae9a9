import { drills } from '../src/drill/scenario/catalogue.ts';
import type { Drill } from '../src/drill/scenario/drill.ts';

/** A drill of kawanan's own, by its name. */
export function drillOfCatalogue(name: string): Drill {
  return drills.find((one) => one.name === name)!;
}

/** What a command of kawanan's costs, measured as a drill that has no objective. */
export function drillOfCommand(name: string, ...args: string[]): Drill {
  return {
    number: 0,
    name,
    title: name,
    reach: 'safe',
    fault: { kind: 'run kawanan', args },
    holdMs: 0,
    objectives: [],
  };
}
