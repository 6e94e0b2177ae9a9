import { type Cluster, swarmNodes } from '../cluster/cluster.ts';
import type { Layer } from '../plan/layer.ts';
import type { FindLogin } from '../registry/credentials.ts';
import type { Hosts } from '../remote/host.ts';
import type { ApplyImageChange } from './apply-images.ts';
import type { WantedImages } from './desired.ts';
import { createImageEngine, type ImageEngine } from './image-engine.ts';
import { type EngineOf, observeImages } from './observe-images.ts';
import type { ObservedImages, OtherStacks } from './observed.ts';
import { type ImageAction, planImageRemoval, planImages } from './plan.ts';

export interface ImagesLayerOptions {
  /** Engine of a node; over its host's connection unless told. */
  engineOf?: EngineOf;
  /** For images of registries that want a login; nobody logs in without it. */
  findLogin?: FindLogin | undefined;
  /** For a removal: the stacks that stay; asked for at each look. */
  others?: () => Promise<OtherStacks>;
}

/** The layer of images: each is on every node that its services' placement allows before anything is deployed. */
export function createImagesLayer(
  wanted: WantedImages,
  cluster: Cluster,
  hosts: Hosts,
  options: ImagesLayerOptions = {},
): Layer<ObservedImages, ImageAction> {
  const engines = new Map<string, Promise<ImageEngine>>();
  const connect = async (node: string): Promise<ImageEngine> =>
    createImageEngine((await hosts.connect(node)).engine());
  const engineOf: EngineOf =
    options.engineOf ??
    ((node) => {
      const engine = engines.get(node) ?? connect(node);
      engines.set(node, engine);
      // a node that didn't answer may do so later in the same run
      engine.catch(() => engines.delete(node));
      return engine;
    });
  const cacheFolder = cluster.images.cache;
  // One for all changes: it bounds what runs at once over all of them.
  let applier: Promise<ApplyImageChange> | undefined;
  const makeApplier = async (): Promise<ApplyImageChange> => {
    const { createImageApplier } = await import('./apply-images.ts');
    return createImageApplier({ wanted, engineOf, cacheFolder, findLogin: options.findLogin });
  };
  const names = swarmNodes(cluster).map((node) => node.name);
  return {
    name: 'images',
    observe: async () => {
      const [seen, others] = await Promise.all([
        observeImages(wanted, names, engineOf, cacheFolder),
        options.others?.(),
      ]);
      if (seen.kind !== 'observed' || !others) return seen;
      return { ...seen, value: { ...seen.value, others } };
    },
    plan: (observed) => planImages(wanted, observed),
    planRemoval: (observed) => planImageRemoval(wanted, observed, Object.keys(cluster.images.archives)),
    apply: async (change, progress) => {
      applier ??= makeApplier();
      await (await applier)(change, progress);
    },
  };
}
