/** Reads which images the nodes and the cache have. Changes nothing. */
import type { Observation } from '../plan/layer.ts';
import { type ConnectionError, isAway, SocketError } from '../remote/remote-errors.ts';
import type { WantedImages } from './desired.ts';
import { findImage } from './holdings.ts';
import { findCached, findKept } from './image-cache.ts';
import { EngineFailure, type ImageEngine } from './image-engine.ts';
import type { CachedImage, NodeImages, ObservedImages } from './observed.ts';

/** Engine of a node by its name; connects on first use. */
export type EngineOf = (node: string) => Promise<ImageEngine>;

/**
 * Asks all nodes side by side; "unknown" while one of them has no engine yet.
 *
 * @throws the first node's ConnectionError when none can be reached, or one for a reason that waiting doesn't mend.
 */
export async function observeImages(
  wanted: WantedImages,
  nodeNames: string[],
  engineOf: EngineOf,
  cacheFolder: string | undefined,
): Promise<Observation<ObservedImages>> {
  const [answers, cached] = await Promise.all([
    Promise.all(nodeNames.map((name) => observeNode(name, engineOf))),
    observeCache(wanted, cacheFolder),
  ]);
  const nodes = answers.filter((answer) => 'images' in answer);
  const silent = answers.find((answer) => 'reason' in answer);
  if (silent) return { kind: 'unknown', reason: silent.reason };
  const away = answers.filter((answer) => 'away' in answer);
  if (nodes.length === 0 && away[0]) throw away[0].away;
  const exposed = await observeExposed(wanted, nodes, engineOf);
  return { kind: 'observed', value: { nodes, unreachable: away.map((one) => one.node), cached, exposed } };
}

/** What images say that they listen on, each asked of the first node that has it. */
async function observeExposed(
  wanted: WantedImages,
  nodes: NodeImages[],
  engineOf: EngineOf,
): Promise<Record<string, number[]>> {
  const found = await Promise.all(
    wanted.images.map(async ({ reference, publishes }) => {
      const holder = publishes && nodes.find((node) => findImage(node, reference));
      if (!holder) return undefined;
      // A node that went away since, or an image: nothing is known of it then, as before it was there.
      const held = await engineOf(holder.node)
        .then((engine) => engine.inspect(reference))
        .catch(() => undefined);
      return held && ([reference, held.exposedPorts] as const);
    }),
  );
  return Object.fromEntries(found.filter((one) => one !== undefined));
}

type Answer = NodeImages | { node: string; away: ConnectionError } | { reason: string };

async function observeNode(node: string, engineOf: EngineOf): Promise<Answer> {
  try {
    const engine = await engineOf(node);
    const [facts, images] = await Promise.all([engine.readFacts(), engine.list()]);
    return { node, ...facts, images };
  } catch (error) {
    // a node that is down now mustn't keep the others from being served
    if (isAway(error)) return { node, away: error };
    const noSocket = error instanceof SocketError && ['absent', 'refused', 'silent'].includes(error.failure);
    if (noSocket || (error instanceof EngineFailure && error.statusCode === undefined))
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
    wanted.images.map(async ({ reference, source }) => {
      if (source.kind === 'kept') {
        const kept = await findKept(folder, reference);
        return kept && ([reference, kept] as const);
      }
      if (source.kind !== 'build') return undefined;
      const cached = await findCached(folder, source.prepared);
      return cached && ([source.prepared.digest, cached] as const);
    }),
  );
  return Object.fromEntries(found.filter((one) => one !== undefined));
}
