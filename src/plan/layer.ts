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

/** What was planned for the layers below, for a layer whose wish depends on it (a secret's new version). */
export type EarlierPlans = ReadonlyMap<LayerName, LayerPlan>;

export interface RemovalOptions {
  /** Remove volumes, and the data in them, too. */
  volumes: boolean;
}

/**
 * One layer of the cluster. `observe` changes nothing; `plan` and `planRemoval` are pure;
 * `apply` makes one change and returns when it is true, or throws.
 */
export interface Layer<Observed = unknown, Action = unknown> {
  readonly name: LayerName;
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
