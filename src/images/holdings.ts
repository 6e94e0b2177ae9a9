/** Who has which image, and which of several is the right one. Pure. */
import type { PreparedBuild } from './desired.ts';
import type { EngineImage } from './image-engine.ts';
import { buildLabel, type NodeImages, type ObservedImages } from './observed.ts';
import { normaliseReference } from './reference.ts';

export interface Holding {
  node: NodeImages;
  image: EngineImage | undefined;
}

/** The image a node has under a reference; with a digest, only if it was built from just that. */
export function findImage(
  node: NodeImages,
  reference: string,
  buildDigest?: string,
): EngineImage | undefined {
  const key = normaliseReference(reference);
  return node.images.find(
    (image) =>
      image.references.some((one) => normaliseReference(one) === key) &&
      (buildDigest === undefined || image.labels[buildLabel] === buildDigest),
  );
}

/** Nodes whose image IDs say something about each other. */
export function comparable(a: NodeImages, b: NodeImages): boolean {
  return a.architecture === b.architecture && a.store === b.store;
}

/** The holdings whose image isn't the same as that of a comparable node before them. */
export function listDiffering(holdings: Holding[]): Holding[] {
  return holdings.filter((one, index) => {
    const first = holdings.slice(0, index).find((other) => other.image && comparable(other.node, one.node));
    return one.image !== undefined && first?.image !== undefined && first.image.id !== one.image.id;
  });
}

/** Where a built image can be had from; the ID is what every comparable node must have. */
export type BuildSource =
  | { kind: 'cached'; path: string; imageId: string; node: NodeImages }
  | { kind: 'held'; imageId: string; node: NodeImages }
  | { kind: 'absent' };

/**
 * Finds the best source of a built image: the cache on this computer (one hop) unless the nodes agree on another
 * image of the same build, then the node whose image most nodes have.
 */
export function judgeBuild(prepared: PreparedBuild, observed: ObservedImages): BuildSource {
  const holders = observed.nodes.flatMap((node) => {
    const image = findImage(node, prepared.reference, prepared.digest);
    return image ? [{ node, imageId: image.id }] : [];
  });
  const cached = observed.cached[prepared.digest];
  const matching = holders.find((holder) => holder.imageId === cached?.imageId);
  const loadable = observed.nodes.find((node) => sameArchitecture(cached?.architecture, node.architecture));
  const cachedSource =
    cached && loadable && ({ kind: 'cached', ...cached, node: matching?.node ?? loadable } as const);
  if (cachedSource && (matching || holders.length === 0)) {
    const { path, imageId, node } = cachedSource;
    return { kind: 'cached', path, imageId, node };
  }
  const counts = Map.groupBy(holders, (holder) => holder.imageId);
  const [most] = [...counts.values()].sort((a, b) => b.length - a.length);
  return most ? { kind: 'held', ...most[0]! } : { kind: 'absent' };
}

/** The kernel's and the image's words for one architecture differ; an unknown one is taken to fit. */
function sameArchitecture(ofImage: string | undefined, ofNode: string): boolean {
  const names: Record<string, string> = { x86_64: 'amd64', aarch64: 'arm64', armv7l: 'arm' };
  return !ofImage || ofNode === '' || ofImage === (names[ofNode] ?? ofNode);
}
