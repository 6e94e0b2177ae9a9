import type { Change, LayerName, LayerPlan } from './change.ts';

/** What a change may say and must listen to while it is carried out. */
export interface Progress {
  /** Replaces the one line that tells what is going on, e.g. `2 of 4 tasks running`. */
  report(message: string): void;
  /** Tells that what was made serves already, while the change goes on watching it. */
  ready?(): void;
  /** Aborts when the user interrupts; long waits must end soon after. */
  signal: AbortSignal;
}

export type Observation<Observed> =
  | { kind: 'observed'; value: Observed }
  /** The layers below aren't there yet, e.g. `docker is not installed on vm-a`. */
  | { kind: 'unknown'; reason: string };

/**
 * What was planned for the layers below, for a layer whose wish depends on it (a secret's new version); also for the
 * same layer of stacks that come first, by `stack/shop`.
 */
export type EarlierPlans = ReadonlyMap<PlanKey, LayerPlan>;

/** Name of a layer and, where each of several stacks has it, of the stack. */
export type PlanKey = LayerName | `${LayerName}/${string}`;

/** What tells a layer, or its plan, from all others of a run. */
export function keyOfPlan({ layer, stack }: Pick<LayerPlan, 'layer' | 'stack'>): PlanKey {
  return stack === undefined ? layer : `${layer}/${stack}`;
}

export interface RemovalOptions {
  /** Remove volumes, and the data in them, too. */
  volumes: boolean;
  /** Names of the stacks that go in this run; absent: everything goes, the swarm included. */
  stacks?: readonly string[];
}

/**
 * One layer of the cluster. `observe` changes nothing; `plan` and `planRemoval` are pure;
 * `apply` makes one change and returns when it is true, or throws.
 */
export interface Layer<Observed = unknown, Action = unknown> {
  readonly name: LayerName;
  /** Whose it is, of a layer that each of several stacks has. */
  readonly stack?: string;
  observe(signal: AbortSignal): Promise<Observation<Observed>>;
  plan(observed: Observed, earlier: EarlierPlans): LayerPlan<Action>;
  /** The warnings that need no observation: all that a plan can say while the layer can't be observed. Pure. */
  warnUnobserved?(earlier: EarlierPlans): string[];
  planRemoval(observed: Observed, options: RemovalOptions): LayerPlan<Action>;
  apply(change: Change<Action>, progress: Progress): Promise<void>;
  /**
   * Of a layer whose changes hold together: what takes back those applied since it was last observed, now that one has
   * failed. Looks at what is there and changes nothing.
   */
  planRestore?(signal: AbortSignal): Promise<LayerPlan<Action>>;
}
