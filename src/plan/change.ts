/** The layers of a cluster, lowest first: the order in which `up` works, and `down` backwards. */
export const layerNames = ['hosts', 'swarm', 'images', 'secrets', 'stack', 'balancer', 'exporters'] as const;
export type LayerName = (typeof layerNames)[number];

export type ChangeKind = 'create' | 'update' | 'replace' | 'remove';

/** One field that differs; both sides as a person reads them, secret-looking values already hidden. */
export interface FieldChange {
  /** Path inside the object, e.g. `replicas` or `env.LOG_LEVEL`. */
  path: string;
  /** Absent: the field is added. */
  before?: string;
  /** Absent: the field is removed. */
  after?: string;
}

/** What a change is about, e.g. `{type: 'service', name: 'sirip-hiu_flask'}` or `{type: 'package', name: 'haproxy', host: 'lb1'}`. */
export interface ObjectRef {
  type: string;
  name: string;
  host?: string;
}

/**
 * One thing that will be done, as plain data: shown by `plan`, carried out by the layer's `apply`.
 * `Action` is the layer's own instruction to itself and must hold no secret value.
 */
export interface Change<Action = unknown> {
  /** Unique within the plan of its layer; stable from run to run. */
  id: string;
  layer: LayerName;
  kind: ChangeKind;
  object: ObjectRef;
  /** One line for people: `install haproxy`, `join as worker`. */
  title: string;
  fields: FieldChange[];
  /** What stops or is cut off while this is done, in words; absent when nothing is. */
  interrupts?: string;
  /** How it is undone, in words; absent when it can't be. */
  undo?: string;
  /** Ids of changes of the same layer that must be finished before this one starts. */
  after: string[];
  /** Ids of changes that must be ready before this one starts: what they made serves, though it is still watched. */
  afterReady?: string[];
  action: Action;
}

/** All that one layer would do. */
export interface LayerPlan<Action = unknown> {
  layer: LayerName;
  /** Whose plan it is, of a layer that each stack has; absent where the cluster has only one. */
  stack?: string;
  changes: Change<Action>[];
  /** How many objects are already as wanted. */
  unchanged: number;
  /** Things the user should know that change nothing, e.g. an even number of managers. */
  warnings: string[];
  /** Those warnings that are about what a file says and can be silenced, for programs. Absent when there are none. */
  lints?: readonly object[];
  /** Set when the layer can't be observed yet; its changes are then "known after apply". */
  unknown?: string;
  /** What the plan rests on: object of the swarm → its version. No part of what is shown. */
  versions?: Record<string, string>;
  /** Told by the hosts layer to those above: swarm nodes whose kernel has no IPVS. Absent when there are none. */
  nodesWithoutIpvs?: string[];
  /** Told by the images layer to those above: image as it is deployed → TCP ports of its EXPOSE, where a node has it. */
  exposedPorts?: Record<string, number[]>;
}

/** A layer in words: `stack`, or `stack shop` where each of several stacks has it. */
export function nameLayer({ layer, stack }: Pick<LayerPlan, 'layer' | 'stack'>): string {
  return stack === undefined ? layer : `${layer} ${stack}`;
}

/** The plan of a layer whose world isn't there yet. */
export function unknownPlan(layer: LayerName, reason: string): LayerPlan<never> {
  return { layer, changes: [], unchanged: 0, warnings: [], unknown: reason };
}
