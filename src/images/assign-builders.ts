/** Which node builds what. Pure. */
import type { PreparedBuild } from './desired.ts';

export interface ImageToBuild {
  reference: string;
  prepared: PreparedBuild;
  /** Nodes that need the image. */
  nodes: string[];
}

export interface BuildOrder extends ImageToBuild {
  builder: string;
}

/**
 * Gives each build a node that needs its image: builds that begin alike go to one node, where the second finds the
 * first's layers (it waits for the first to be built); all others are spread, so that they can run side by side.
 */
export function assignBuilders(images: ImageToBuild[]): BuildOrder[] {
  const load = new Map<string, number>();
  const orders: BuildOrder[] = [];
  for (const image of images) {
    const alike = orders.findLast(
      (order) => sharesWork(order.prepared, image.prepared) && image.nodes.includes(order.builder),
    );
    const idlest = image.nodes.reduce((best, node) =>
      (load.get(node) ?? 0) < (load.get(best) ?? 0) ? node : best,
    );
    const builder = alike?.builder ?? idlest;
    load.set(builder, (load.get(builder) ?? 0) + 1);
    orders.push({ ...image, builder });
  }
  return orders;
}

/** Whether two builds begin with the same work, which the engine's cache then spares the second. */
function sharesWork(a: PreparedBuild, b: PreparedBuild): boolean {
  return a.opening === b.opening && /^RUN /m.test(a.opening);
}
