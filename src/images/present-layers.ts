/** Which layers of an image needn't be sent, because the receiver has them under another image. */
import type { ImageEngine } from './image-engine.ts';
import { limitConcurrency } from './limit.ts';

export interface ArchiveLayer {
  /** `sha256:…` of the uncompressed layer. */
  diffId: string;
  /** Member of the archive that holds it. */
  file: string;
}

const inspectionsAtOnce = 8;

/** Where the engine's `save` puts a layer since version 25; older ones name it otherwise, and it is then sent. */
export function nameSavedLayer(diffId: string): ArchiveLayer {
  return { diffId, file: `blobs/sha256/${diffId.replace('sha256:', '')}` };
}

/**
 * Members that can be left out of an archive for one engine. An engine with the classic store looks for the whole
 * chain of layers up to one before it opens its file, so only layers from the lowest on count.
 */
export async function findNeedlessMembers(engine: ImageEngine, layers: ArchiveLayer[]): Promise<Set<string>> {
  if ((await engine.readFacts()).store !== 'classic') return new Set();
  const ids = new Set((await engine.list()).map((image) => image.id));
  const limit = limitConcurrency(inspectionsAtOnce);
  const chains = await Promise.all(
    [...ids].map((id) => limit(async () => (await engine.inspect(id))?.layers ?? [])),
  );
  const present = Math.max(0, ...chains.map((chain) => countShared(chain, layers)));
  const needed = new Set(layers.slice(present).map((layer) => layer.file));
  const needless = layers.slice(0, present).filter((layer) => !needed.has(layer.file));
  return new Set(needless.map((layer) => layer.file));
}

function countShared(chain: string[], layers: ArchiveLayer[]): number {
  const differs = layers.findIndex((layer, index) => chain[index] !== layer.diffId);
  return differs < 0 ? layers.length : differs;
}
