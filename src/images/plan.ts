/** What must happen until every image is on every node that may need it. Pure. */
import { UserError } from '../errors.ts';
import type { Change, LayerPlan } from '../plan/change.ts';
import { assignBuilders, type ImageToBuild } from './assign-builders.ts';
import type { PreparedBuild, WantedImage, WantedImages } from './desired.ts';
import { comparable, findImage, type Holding, judgeBuild, listDiffering } from './holdings.ts';
import type { EngineImage } from './image-engine.ts';
import { buildLabel, type NodeImages, type ObservedImages, stackLabel } from './observed.ts';
import { normaliseReference, readBuildDigest } from './reference.ts';

export type ImageAction =
  /** Built on `builder`, kept in the cache, sent to the other targets. */
  | { do: 'build'; reference: string; builder: string; targets: string[] }
  /** Loaded from an archive on this computer; one of the cache that turns out bad is built anew on `builder`. */
  | { do: 'load'; reference: string; path: string; imageId: string; targets: string[]; builder?: string }
  | { do: 'copy'; reference: string; from: string; targets: string[] }
  | { do: 'pull'; reference: string; targets: string[] }
  | { do: 'remove'; id: string; targets: string[] };

type ImageChange = Change<ImageAction>;

/** Plans builds, loads, copies and pulls; an image that is everywhere it may be needed counts as unchanged. */
export function planImages(wanted: WantedImages, observed: ObservedImages): LayerPlan<ImageAction> {
  const changes: ImageChange[] = [];
  const warnings: string[] = [];
  let unchanged = 0;
  const unserved = new Map<string, string[]>();
  const toBuild = listBuilds(wanted, observed);
  const orders = assignBuilders(toBuild);
  const idOf = (reference: string): string => `image:${reference}`;
  for (const image of wanted.images) {
    if (image.nodes.length === 0) {
      warnings.push(
        `${image.reference}: no node may run ${image.services.join(', ')}, so it is placed nowhere`,
      );
      continue;
    }
    const away = image.nodes.filter((node) => observed.unreachable.includes(node));
    for (const node of away) unserved.set(node, [...(unserved.get(node) ?? []), image.reference]);
    warnings.push(...warnOfArchitectures(image, observed));
    // a node that builds on top of this image needs it, whether or not tasks may run there
    const builders = orders.filter((order) =>
      order.prepared.bases.some((base) => base.kind === 'build' && base.builtReference === image.reference),
    );
    const nodes = observed.nodes.filter(
      ({ node }) => image.nodes.includes(node) || builders.some((order) => order.builder === node),
    );
    const order = orders.find((one) => one.reference === image.reference);
    const planned = planOne(image, nodes, observed, order?.builder);
    if (!planned) {
      unchanged++;
      continue;
    }
    const after = (order?.prepared.bases ?? []).flatMap((base) =>
      base.kind === 'build' ? [idOf(base.builtReference)] : [],
    );
    if (order) {
      for (const base of planBaseLoads(order.prepared, order.builder, observed)) {
        if (!changes.some((change) => change.id === base.id)) changes.push(base);
        after.push(base.id);
      }
    }
    changes.push({ ...planned, id: idOf(image.reference), after });
  }
  const ids = new Set(changes.map((change) => change.id));
  // a base that is in place already is nothing to wait for
  for (const change of changes) change.after = [...new Set(change.after)].filter((id) => ids.has(id));
  for (const [node, references] of unserved)
    warnings.push(
      `${node} can't be reached; run this again when it is back, so that it gets ${references.join(', ')}`,
    );
  const { exposed } = observed;
  return {
    layer: 'images',
    changes,
    unchanged,
    warnings,
    ...(Object.keys(exposed).length > 0 && { exposedPorts: exposed }),
  };
}

function listBuilds(wanted: WantedImages, observed: ObservedImages): ImageToBuild[] {
  const reachable = new Set(observed.nodes.map((node) => node.node));
  return wanted.images.flatMap(({ reference, source, nodes: all }) => {
    const nodes = all.filter((node) => reachable.has(node));
    if (source.kind !== 'build' || nodes.length === 0) return [];
    const { prepared } = source;
    return judgeBuild(prepared, observed).kind === 'absent' ? [{ reference, prepared, nodes }] : [];
  });
}

function planOne(
  image: WantedImage,
  nodes: NodeImages[],
  observed: ObservedImages,
  builder: string | undefined,
): Omit<ImageChange, 'id' | 'after'> | undefined {
  const { reference, source } = image;
  if (source.kind === 'build') return planBuilt(reference, source.prepared, nodes, observed, builder);
  if (source.kind === 'kept') return planKept(reference, nodes, observed);
  if (source.kind === 'archive') {
    const { path, imageId } = source;
    const lacking = nodes.filter((node) => !holdsArchive(node, reference, imageId));
    if (lacking.length === 0) return undefined;
    const targets = lacking.map((node) => node.node);
    const title = `load from ${path} on ${targets.join(', ')}`;
    return describe({ do: 'load', reference, path, imageId, targets }, title, lacking, nodes);
  }
  const holdings = nodes.map((node): Holding => ({ node, image: findImage(node, reference) }));
  const lacking = holdings.filter((holding) => !holding.image).map((holding) => holding.node);
  const differing = listDiffering(holdings);
  // a tag that moved between two pulls: all nodes get today's
  const pulled = differing.length > 0 ? nodes : lacking;
  if (pulled.length === 0) return undefined;
  const targets = pulled.map((node) => node.node);
  const again = differing.length > 0 ? ', as the nodes have different images of that name' : '';
  return describe({ do: 'pull', reference, targets }, `pull on ${targets.join(', ')}${again}`, pulled, nodes);
}

/** @throws UserError where a built image is nowhere any more: nothing could bring it back. */
function planKept(
  reference: string,
  nodes: NodeImages[],
  observed: ObservedImages,
): Omit<ImageChange, 'id' | 'after'> | undefined {
  const lacking = nodes.filter((node) => !findImage(node, reference));
  if (lacking.length === 0) return undefined;
  const targets = lacking.map(({ node }) => node);
  const where = targets.join(', ');
  const holder = observed.nodes.find(
    (node) =>
      findImage(node, reference) && lacking.every(({ architecture }) => architecture === node.architecture),
  );
  if (holder)
    return describe(
      { do: 'copy', reference, from: holder.node, targets },
      `copy from ${holder.node} to ${where}`,
      lacking,
      nodes,
    );
  const cached = observed.cached[reference];
  if (cached)
    return describe(
      { do: 'load', reference, path: cached.path, imageId: cached.imageId, targets },
      `load from the cache on ${where}`,
      lacking,
      nodes,
    );
  if (readBuildDigest(reference) === undefined)
    return describe({ do: 'pull', reference, targets }, `pull on ${where}`, lacking, nodes);
  throw new UserError(`the image ${reference} is gone: ${where} would need it`, {
    details: ['no node has it, and neither has the cache on this computer'],
    next: 'choose another revision of `kawanan history`, or deploy the files that it was built from',
  });
}

function planBuilt(
  reference: string,
  prepared: PreparedBuild,
  nodes: NodeImages[],
  observed: ObservedImages,
  builder: string | undefined,
): Omit<ImageChange, 'id' | 'after'> | undefined {
  const source = judgeBuild(prepared, observed);
  const lacking = nodes.filter((node) => {
    const held = findImage(node, reference, prepared.digest);
    if (!held) return true;
    return source.kind !== 'absent' && comparable(node, source.node) && held.id !== source.imageId;
  });
  if (lacking.length === 0) return undefined;
  const targets = lacking.map((node) => node.node);
  if (source.kind === 'cached') {
    const { path, imageId } = source;
    const action: ImageAction = { do: 'load', reference, path, imageId, targets, builder: targets[0]! };
    return describe(action, `load from the cache on ${targets.join(', ')}`, lacking, nodes);
  }
  if (source.kind === 'held') {
    const from = source.node.node;
    return describe(
      { do: 'copy', reference, from, targets },
      `copy from ${from} to ${targets.join(', ')}`,
      lacking,
      nodes,
    );
  }
  const others = targets.filter((node) => node !== builder);
  const title = `build on ${builder}${others.length > 0 ? `, then send to ${others.join(', ')}` : ''}`;
  return describe({ do: 'build', reference, builder: builder!, targets }, title, lacking, nodes);
}

function describe(
  action: Exclude<ImageAction, { do: 'remove' }>,
  title: string,
  lacking: NodeImages[],
  nodes: NodeImages[],
): Omit<ImageChange, 'id' | 'after'> {
  const without = new Set(lacking);
  const before = nodes.filter((node) => !without.has(node)).map((node) => node.node);
  const field = { path: 'nodes', after: nodes.map((node) => node.node).join(', ') };
  return {
    layer: 'images',
    kind: before.length === 0 ? 'create' : 'update',
    object: { type: 'image', name: action.reference },
    title,
    fields: [before.length === 0 ? field : { ...field, before: before.join(', ') }],
    undo: 'removing the image',
    action,
  };
}

/** The archives that a build starts from and its node lacks. */
function planBaseLoads(prepared: PreparedBuild, builder: string, observed: ObservedImages): ImageChange[] {
  const node = observed.nodes.find((one) => one.node === builder)!;
  return prepared.bases.flatMap((base): ImageChange[] => {
    if (base.kind !== 'archive' || holdsArchive(node, base.reference, base.imageId)) return [];
    const { reference, path, imageId } = base;
    const action: ImageAction = { do: 'load', reference, path, imageId, targets: [builder] };
    const change = describe(action, `load from ${path}, to build on it`, [node], [node]);
    const object = { type: 'image', name: reference, host: builder };
    return [{ ...change, object, id: `base:${reference}@${builder}`, after: [] }];
  });
}

/** In containerd's store an archive's image has another ID than the archive says; its name must do. */
function holdsArchive(node: NodeImages, reference: string, imageId: string): boolean {
  const held = findImage(node, reference);
  return held !== undefined && (held.id === imageId || node.store === 'containerd');
}

function warnOfArchitectures(image: WantedImage, observed: ObservedImages): string[] {
  if (image.source.kind !== 'build') return [];
  const nodes = observed.nodes.filter((node) => image.nodes.includes(node.node));
  const kinds = [...new Set(nodes.map((node) => node.architecture))];
  if (kinds.length < 2) return [];
  return [
    `${image.reference} is built for one architecture, but its nodes have ${kinds.join(' and ')}: constrain ${image.services.join(', ')} by node.platform.arch and a node label`,
  ];
}

/**
 * Plans the removal of what was built for the stack, and of what it shared with stacks that went before it; what was
 * loaded or pulled stays, and a note says so.
 */
export function planImageRemoval(
  wanted: WantedImages,
  observed: ObservedImages,
  archiveReferences: string[] = [],
): LayerPlan<ImageAction> {
  const byId = new Map<string, { name: string; targets: string[] }>();
  const stacks = [wanted.stackName, ...(observed.others?.gone ?? [])];
  for (const { node, images } of observed.nodes) {
    for (const image of images) {
      if (!isBuiltFor(stacks, image) || isUsedElsewhere(image, observed)) continue;
      const found = byId.get(image.id) ?? { name: image.references[0] ?? image.id, targets: [] };
      found.targets.push(node);
      byId.set(image.id, found);
    }
  }
  const changes = [...byId].map(
    ([id, { name, targets }]): ImageChange => ({
      id: `remove:${id}`,
      layer: 'images',
      kind: 'remove',
      object: { type: 'image', name },
      title: `remove from ${targets.join(', ')}`,
      fields: [{ path: 'nodes', before: targets.join(', ') }],
      undo: 'kawanan up builds it again or loads it from the cache',
      after: [],
      action: { do: 'remove', id, targets },
    }),
  );
  const others = [...archiveReferences.map(normaliseReference), ...listOthers(wanted)];
  const left = [...new Set(others)].filter((reference) =>
    observed.nodes.some((node) => findImage(node, reference)),
  );
  const warnings =
    left.length === 0
      ? []
      : [
          `images that were loaded or pulled can't be told from those of others and are left alone: ${left.join(', ')}`,
        ];
  return { layer: 'images', changes, unchanged: 0, warnings };
}

/**
 * Whether we built it for one of the stacks. Labels alone don't tell: what somebody else builds on top of an image of ours
 * inherits them, but not the tag with the digest. Without any tag it is what is left of a build of ours.
 */
function isBuiltFor(stacks: readonly string[], { labels, references }: EngineImage): boolean {
  const { [buildLabel]: digest, [stackLabel]: stack } = labels;
  if (stack === undefined || !stacks.includes(stack) || digest === undefined) return false;
  const tags = references.filter((name) => !name.includes('@') && !name.startsWith('<none>'));
  return tags.length === 0 || tags.some((tag) => tag.endsWith(`-${digest.slice(0, 12)}`));
}

/** Two stacks may build the same image from the same context: it carries the name of the first alone. */
function isUsedElsewhere({ references }: EngineImage, { others }: ObservedImages): boolean {
  const used = (others?.used ?? []).map(normaliseReference);
  return references.some((reference) => used.includes(normaliseReference(reference)));
}

function listOthers(wanted: WantedImages): string[] {
  return wanted.images.flatMap(({ reference, source }) =>
    source.kind === 'build'
      ? source.prepared.bases.flatMap((base) =>
          base.kind === 'build' ? [] : [normaliseReference(base.reference)],
        )
      : [normaliseReference(reference)],
  );
}
