/** Sends one archive to several engines, to each only the layers that it lacks. */
import type { Readable } from 'node:stream';
import { UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import { fanOut, type Receiver } from './fan-out.ts';
import type { ImageEngine } from './image-engine.ts';
import { type ArchiveLayer, findNeedlessMembers } from './present-layers.ts';
import { dropTarMembers } from './tar-filter.ts';

export interface Shipment {
  reference: string;
  /** Opens the archive; a second time when a receiver turns out to lack a layer after all. */
  open: () => Promise<Readable>;
  /** What the archive holds, lowest first. */
  layers: ArchiveLayer[];
  targets: { node: string; engine: ImageEngine }[];
  /** Others that want the whole archive, e.g. a file. */
  others?: Receiver[];
}

/**
 * Reads the archive once for all.
 *
 * @throws UserError naming the nodes that did not take it, with each engine's own words.
 */
export async function sendImage(shipment: Shipment, { signal, report }: Progress): Promise<void> {
  const { reference, open, layers, targets, others = [] } = shipment;
  const lanes = await Promise.all(
    targets.map(async (target) => ({
      ...target,
      needless: await findNeedlessMembers(target.engine, layers),
    })),
  );
  const receivers = lanes.map(({ node, engine, needless }): Receiver => {
    return { name: node, accept: (stream) => engine.load(filter(stream, needless), signal) };
  });
  const failures = await fanOut(await open(), [...receivers, ...others], signal);
  signal.throwIfAborted();
  const again = lanes.filter((lane) => failures.has(lane.node) && lane.needless.size > 0);
  if (again.length > 0) {
    report(`sending all layers to ${again.map((lane) => lane.node).join(', ')}`);
    const whole = again.map(
      ({ node, engine }): Receiver => ({ name: node, accept: (stream) => engine.load(stream, signal) }),
    );
    for (const { name } of whole) failures.delete(name);
    for (const [name, error] of await fanOut(await open(), whole, signal)) failures.set(name, error);
    signal.throwIfAborted();
  }
  if (failures.size === 0) return;
  throw new UserError(`${reference} did not arrive on ${[...failures.keys()].join(', ')}`, {
    details: [...failures].map(([name, error]) => `${name}: ${(error as Error).message}`),
    next: 'run the same command again; if this stays, look at the free space there',
    cause: [...failures.values()][0],
  });
}

function filter(stream: Readable, needless: ReadonlySet<string>): Readable {
  if (needless.size === 0) return stream;
  const filtered = dropTarMembers(needless);
  stream.on('error', (error) => filtered.destroy(error));
  // who stops reading what is filtered has stopped reading its source
  filtered.on('close', () => stream.destroy());
  return stream.pipe(filtered);
}
