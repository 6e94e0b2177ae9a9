/** Carries out image changes: builds, and gets images from where they are to where they may be needed. */
import { createReadStream } from 'node:fs';
import { UserError } from '../errors.ts';
import type { Change } from '../plan/change.ts';
import type { Progress } from '../plan/layer.ts';
import type { FindLogin } from '../registry/credentials.ts';
import { readArchive } from './archive.ts';
import { buildImage } from './build-image.ts';
import type { PreparedBuild, WantedImages } from './desired.ts';
import type { Receiver } from './fan-out.ts';
import { dropCached, writeCached } from './image-cache.ts';
import { EngineFailure, type ImageEngine } from './image-engine.ts';
import { limitConcurrency, takeTurns } from './limit.ts';
import type { EngineOf } from './observe-images.ts';
import { buildLabel } from './observed.ts';
import type { ImageAction } from './plan.ts';
import { nameSavedLayer } from './present-layers.ts';
import { type Shipment, sendImage } from './send-image.ts';

export interface ApplyPlace {
  wanted: WantedImages;
  engineOf: EngineOf;
  cacheFolder: string | undefined;
  /** For images of registries that want a login; nobody logs in without it. */
  findLogin?: FindLogin | undefined;
}

export type ApplyImageChange = (change: Change<ImageAction>, progress: Progress) => Promise<void>;

const buildsAtOnce = 2;
const transfersAtOnce = 3;
const chunkBytes = 512 * 1024;

/** The one function that carries out changes of this layer; it bounds what runs at once over all of them. */
export function createImageApplier({
  wanted,
  engineOf,
  cacheFolder,
  findLogin,
}: ApplyPlace): ApplyImageChange {
  const limitBuilds = limitConcurrency(buildsAtOnce);
  const limitTransfers = limitConcurrency(transfersAtOnce);
  const inTurn = takeTurns();
  /** A node takes one image at a time, so that the next needn't carry the layers they share. */
  const whenFree = <Result>(nodes: string[], work: () => Promise<Result>): Promise<Result> => {
    // all take their nodes in one order, so that no two wait for each other
    const ordered = nodes.toSorted();
    const start = (): Promise<Result> => limitTransfers(work);
    return ordered.reduceRight<() => Promise<Result>>(
      (next, node) => () => inTurn(`to ${node}`, next),
      start,
    )();
  };

  const findPrepared = (reference: string): PreparedBuild | undefined => {
    const image = wanted.images.find((one) => one.reference === reference);
    return image?.source.kind === 'build' ? image.source.prepared : undefined;
  };

  const build = async (
    reference: string,
    builder: string,
    targets: string[],
    progress: Progress,
  ): Promise<void> => {
    const prepared = findPrepared(reference)!;
    const engine = await engineOf(builder);
    await ensureBases(prepared, builder, progress);
    // what begins alike comes one after the other: the second finds the first's layers in the engine's cache
    await inTurn(
      `build on ${builder} ${/^RUN /m.test(prepared.opening) ? prepared.opening : reference}`,
      () =>
        limitBuilds(() =>
          buildImage(prepared, { node: builder, engine, stackName: wanted.stackName, findLogin }, progress),
        ),
    );
    const others = targets.filter((node) => node !== builder);
    await copy(reference, builder, others, progress, prepared);
  };

  /** For a build that wasn't foreseen: what it starts from may not be on its node. */
  const ensureBases = async (prepared: PreparedBuild, builder: string, progress: Progress) => {
    const engine = await engineOf(builder);
    for (const base of prepared.bases) {
      if (base.kind === 'registry') continue;
      const reference = base.kind === 'build' ? base.builtReference : base.reference;
      if (await engine.inspect(reference)) continue;
      if (base.kind === 'archive') {
        await load({ do: 'load', ...base, targets: [builder] }, progress);
        continue;
      }
      const holders = wanted.images.find((image) => image.reference === reference)?.nodes ?? [];
      for (const node of holders) {
        if (!(await (await engineOf(node)).inspect(reference))) continue;
        await copy(reference, node, [builder], progress);
        break;
      }
    }
  };

  /** From a node that has the image to others, and into the cache when it is a build. */
  const copy = async (
    reference: string,
    from: string,
    targets: string[],
    progress: Progress,
    prepared = findPrepared(reference),
  ): Promise<void> => {
    const source = await engineOf(from);
    const others: Receiver[] = [];
    if (prepared && cacheFolder !== undefined) {
      const accept: Receiver['accept'] = (stream) => writeCached(cacheFolder, prepared, stream);
      others.push({ name: cacheName, accept });
    }
    if (targets.length + others.length > 0) {
      await whenFree(targets, async () => {
        progress.report(
          targets.length > 0 ? `sending from ${from} to ${targets.join(', ')}` : 'keeping a copy',
        );
        const layers = ((await source.inspect(reference))?.layers ?? []).map(nameSavedLayer);
        const open = () => source.save(reference);
        await sendImage({ reference, open, layers, targets: await withEngines(targets), others }, progress);
      });
    }
    await verify(reference, from, targets);
  };

  const load = async (action: Extract<ImageAction, { do: 'load' }>, progress: Progress): Promise<void> => {
    const { reference, path, targets, builder } = action;
    try {
      await whenFree(targets, async () => {
        progress.report(`sending to ${targets.join(', ')}`);
        const { layers } = await readArchive(path);
        const open = async () => createReadStream(path, { highWaterMark: chunkBytes });
        await sendImage({ reference, open, layers, targets: await withEngines(targets) }, progress);
      });
      await verifyLoaded(action);
    } catch (error) {
      progress.signal.throwIfAborted();
      if (builder === undefined || cacheFolder === undefined || !isBadArchive(error)) throw error;
      // the cache is a convenience: what is wrong with it is mended, not reported
      progress.report('the copy in the cache is damaged: building it anew');
      await dropCached(cacheFolder, reference);
      await build(reference, builder, targets, progress);
    }
  };

  const verifyLoaded = async ({ reference, imageId, targets }: Extract<ImageAction, { do: 'load' }>) => {
    const digest = findPrepared(reference)?.digest;
    await Promise.all(
      targets.map(async (node) => {
        const engine = await engineOf(node);
        const [held, { store }] = await Promise.all([engine.inspect(reference), engine.readFacts()]);
        const right = held && (held.id === imageId || store === 'containerd');
        if (!right || (digest !== undefined && held.labels[buildLabel] !== digest))
          throw new NotAsWanted(reference, node);
      }),
    );
  };

  /** Every target has the very image that the source has. */
  const verify = async (reference: string, from: string, targets: string[]): Promise<void> => {
    const look = async (node: string) => {
      const engine = await engineOf(node);
      return { node, held: await engine.inspect(reference), facts: await engine.readFacts() };
    };
    const [source, ...others] = await Promise.all([from, ...targets].map(look));
    const digest = findPrepared(reference)?.digest;
    for (const { node, held, facts } of [source!, ...others]) {
      const alike = facts.store !== source!.facts.store || held?.id === source!.held?.id;
      if (!held || !alike || (digest !== undefined && held.labels[buildLabel] !== digest))
        throw new NotAsWanted(reference, node);
    }
  };

  const pull = async (reference: string, targets: string[], progress: Progress): Promise<void> => {
    const login = await findLogin?.(reference);
    const results = await Promise.all(
      targets.map(async (node) => {
        const engine = await engineOf(node);
        try {
          await engine.pull(reference, (line) => progress.report(`${node}: ${line}`), progress.signal, login);
          return { node };
        } catch (error) {
          return { node, error };
        }
      }),
    );
    progress.signal.throwIfAborted();
    const failed = results.filter((result) => result.error !== undefined);
    const source = results.find((result) => result.error === undefined)?.node;
    if (source === undefined)
      throw new UserError(`${reference} can't be pulled on any node`, {
        details: [
          ...failed.map(({ node, error }) => `${node}: ${(error as Error).message}`),
          ...(login?.problem === undefined ? [] : [login.problem]),
        ],
        next: `check the name; where its registry wants a login: docker login on this computer; without a way to the registry: docker save ${reference} -o FILE, and FILE under images.archives of the cluster file`,
        cause: failed[0]?.error,
      });
    // a node without a way to the registry gets it from one that has
    const others = failed.map((result) => result.node);
    if (others.length > 0) await copy(reference, source, others, progress);
    for (const { node } of results)
      if (!(await (await engineOf(node)).inspect(reference))) throw new NotAsWanted(reference, node);
  };

  const withEngines = (nodes: string[]): Promise<Shipment['targets']> =>
    Promise.all(nodes.map(async (node) => ({ node, engine: await engineOf(node) })));

  const remove = async (id: string, targets: string[], progress: Progress): Promise<void> => {
    await Promise.all(targets.map(async (node) => removeOne(id, node, await engineOf(node), progress)));
  };

  return async ({ action }, progress) => {
    switch (action.do) {
      case 'build':
        return build(action.reference, action.builder, action.targets, progress);
      case 'load':
        return load(action, progress);
      case 'copy':
        return copy(action.reference, action.from, action.targets, progress);
      case 'pull':
        return pull(action.reference, action.targets, progress);
      case 'remove':
        return remove(action.id, action.targets, progress);
    }
  };
}

const cacheName = 'the cache on this computer';
const removalPauseMs = 1000;
const removalAttempts = 20;

/** Containers of a service that was just removed hold its image for some seconds more. */
async function removeOne(id: string, node: string, engine: ImageEngine, progress: Progress): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await engine.remove(id);
    } catch (error) {
      progress.signal.throwIfAborted();
      const inUse = error instanceof EngineFailure && error.statusCode === 409;
      if (!inUse || attempt === removalAttempts) throw explainRemoval(error, id, node);
      progress.report(`waiting for the containers of ${id.slice(7, 19)} on ${node} to end`);
      await new Promise((resolve) => setTimeout(resolve, removalPauseMs));
    }
  }
}

function explainRemoval(error: unknown, id: string, node: string): UserError {
  return new UserError(`the image ${id.slice(7, 19)} can't be removed: ${(error as Error).message}`, {
    place: { host: node },
    next: 'stop what still uses it, then run the same command again',
    cause: error,
  });
}

class NotAsWanted extends UserError {
  override name = 'NotAsWanted';

  constructor(reference: string, node: string) {
    super(`after it was sent, ${reference} is not the wanted image`, {
      place: { host: node },
      next: 'run the same command again; if this stays, look at the free space of the node: kawanan doctor',
    });
  }
}

/** The engine took the archive and found fault with it, or made another image of it. */
function isBadArchive(error: unknown): boolean {
  if (error instanceof NotAsWanted) return true;
  const { cause } = error as { cause?: unknown };
  return cause instanceof EngineFailure || (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}
