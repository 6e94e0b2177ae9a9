/** An engine in memory. Its archives are real ones; it takes one without the layers that it has, as engines do. */
import { Readable } from 'node:stream';
import { type EngineFacts, EngineFailure, type ImageEngine } from '../../src/images/image-engine.ts';
import { diffIdOf, imageIdOf, type MadeImage, makeArchive, readTar } from './make-archive.ts';

export interface FakeEngine extends ImageEngine {
  images: MadeImage[];
  /** What was asked of it, in order; a load with the layers that it was sent. */
  calls: string[];
  /** Thrown by the next call of that name. */
  failNext: Map<string, Error>;
}

export function createFakeEngine(images: MadeImage[] = [], facts: Partial<EngineFacts> = {}): FakeEngine {
  const find = (reference: string): MadeImage | undefined =>
    engine.images.find((image) => imageIdOf(image) === reference || image.references.includes(reference));
  const called = (call: string, name: string): void => {
    engine.calls.push(`${call} ${name}`);
    const failure = engine.failNext.get(call);
    engine.failNext.delete(call);
    if (failure) throw failure;
  };
  const add = (image: MadeImage): void => {
    for (const other of engine.images)
      other.references = other.references.filter((one) => !image.references.includes(one));
    const same = engine.images.find((one) => imageIdOf(one) === imageIdOf(image));
    if (same) same.references = [...new Set([...same.references, ...image.references])];
    else engine.images.push(image);
  };
  const engine: FakeEngine = {
    images: structuredClone(images),
    calls: [],
    failNext: new Map(),
    readFacts: async () => ({ architecture: 'x86_64', store: 'classic', ...facts }),
    list: async () =>
      engine.images.map((image) => ({
        id: imageIdOf(image),
        references: image.references,
        labels: image.labels ?? {},
        createdAt: 0,
      })),
    inspect: async (reference) => {
      const image = find(reference);
      return (
        image && {
          id: imageIdOf(image),
          labels: image.labels ?? {},
          layers: image.layers.map(diffIdOf),
          exposedPorts: image.exposedPorts ?? [],
        }
      );
    },
    build: async ({ tar, reference, labels }, onLine, signal) => {
      const context = await readTar(tar);
      onLine('Step 1/1 : COPY . .');
      onLine(`received ${[...context.keys()].join(' ')}`);
      called('build', reference);
      signal.throwIfAborted();
      add({ references: [reference], labels, layers: ['base', `built ${reference}`] });
    },
    load: async (archive) => {
      const members = await readTar(archive);
      const [{ RepoTags, Layers, Config }] = JSON.parse(members.get('manifest.json')!);
      const config = JSON.parse(members.get(Config)!);
      const sent = (Layers as string[])
        .filter((layer) => members.has(layer))
        .map((layer) => members.get(layer)!);
      called('load', `${RepoTags.join()} with ${sent.join(', ') || 'no layer'}`);
      const layers = (Layers as string[]).map((name, index) => {
        const known = engine.images.flatMap((image) => image.layers);
        const content =
          members.get(name) ?? known.find((one) => diffIdOf(one) === config.rootfs.diff_ids[index]);
        if (content === undefined || diffIdOf(content) !== config.rootfs.diff_ids[index])
          throw new EngineFailure(`invalid diffID for layer ${index}`, 500, undefined);
        return content;
      });
      add({ references: RepoTags, labels: config.config.Labels, layers });
    },
    save: async (reference) => {
      called('save', reference);
      const image = find(reference);
      if (!image) throw new EngineFailure(`no such image: ${reference}`, 404, undefined);
      return Readable.from([await makeArchive({ ...image, references: [reference] })]);
    },
    pull: async (reference, onLine, _signal, login) => {
      onLine('pulling');
      called('pull', login?.account ? `${reference} with a login at ${login.registry}` : reference);
      add({ references: [reference], layers: ['base', `pulled ${reference}`] });
    },
    tag: async (source, target) => {
      called('tag', `${source} ${target}`);
      find(source)!.references.push(target);
    },
    remove: async (reference) => {
      called('remove', reference);
      engine.images = engine.images.filter((image) => image !== find(reference));
    },
  };
  return engine;
}
