/** What images there are: on the nodes, and kept on this computer. Data only. */
import type { EngineFacts, EngineImage } from './image-engine.ts';

export interface NodeImages extends EngineFacts {
  node: string;
  images: EngineImage[];
}

export interface ObservedImages {
  /** Those that answer, in the cluster file's order. */
  nodes: NodeImages[];
  /** Names of the nodes that can't be reached now; tasks can't be placed there either. */
  unreachable: string[];
  /** Build digest, or reference where only that is known → the whole archive of that build in the cache folder. */
  cached: Record<string, CachedImage>;
  /** Image as it is deployed → TCP ports that it exposes; of those that a node has and services publish ports of. */
  exposed: Record<string, number[]>;
  /** The cluster's stacks that aren't taken away in this run; absent where nobody asked. */
  others?: OtherStacks;
}

/** What a removal must know of the stacks that it isn't about. */
export interface OtherStacks {
  /** References of images that they run. */
  used: string[];
  /** Names of those that nothing runs of: they were taken away before, or never deployed. */
  gone: string[];
}

export interface CachedImage {
  path: string;
  imageId: string;
  /** As the Engine API spells it, e.g. `amd64`. */
  architecture: string;
}

/** On every image that we build: hex SHA-256 of what it was made from. */
export const buildLabel = 'kawanan.build';
/** On every image that we build: the stack it was built for. */
export const stackLabel = 'kawanan.stack';
