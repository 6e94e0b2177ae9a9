/** Reads which images the nodes and the cache have. Changes nothing. */
import type { Observation } from '../plan/layer.ts';
import type { WantedImages } from './desired.ts';
import { findCached } from './image-cache.ts';
import { EngineFailure, type ImageEngine } from './image-engine.ts';
import type { CachedImage, NodeImages, ObservedImages } from './observed.ts';

/** Engine of a node by its name; connects on first use. */
export type EngineOf = (node: string) => Promise<ImageEngine>;

/** Asks all nodes side by side; "unknown" while one of them has no engine yet. */
export async function observeImages(
  wanted: WantedImages,
  nodeNames: string[],
  engineOf: EngineOf,
  cacheFolder: string | undefined,
): Promise<Observation<ObservedImages>> {
  const [nodes, cached] = await Promise.all([
    Promise.all(nodeNames.map((name) => observeNode(name, engineOf))),
    observeCache(wanted, cacheFolder),
  ]);
  const silent = nodes.find((node) => 'reason' in node);
  if (silent) return { kind: 'unknown', reason: silent.reason };
  return { kind: 'observed', value: { nodes: nodes.filter((node) => 'images' in node), cached } };
}

async function observeNode(node: string, engineOf: EngineOf): Promise<NodeImages | { reason: string }> {
  // a node that can't be reached at all is an error with its own next step, and passes
  const engine = await engineOf(node);
  try {
    const [facts, images] = await Promise.all([engine.readFacts(), engine.list()]);
    return { node, ...facts, images };
  } catch (error) {
    if (error instanceof EngineFailure && error.statusCode === undefined)
      return { reason: `no engine answers on ${node}` };
    throw error;
  }
}

async function observeCache(
  wanted: WantedImages,
  folder: string | undefined,
): Promise<Record<string, CachedImage>> {
  if (folder === undefined) return {};
  const found = await Promise.all(
    wanted.images.map(async ({ source }) => {
      if (source.kind !== 'build') return undefined;
      const cached = await findCached(folder, source.prepared);
      return cached && ([source.prepared.digest, cached] as const);
    }),
  );
  return Object.fromEntries(found.filter((one) => one !== undefined));
}
