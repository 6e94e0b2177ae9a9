/** A compose file as read: its values, and where each of them stands. */
import type { YamlMap, YamlValue } from './yaml-value.ts';

export type ComposePath = readonly (string | number)[];

export interface Position {
  /** 1-based. */
  line?: number;
  /** 1-based. */
  column?: number;
}

export interface ComposeDocument {
  file: string;
  root: YamlMap;
  /** The position of what stands at a path; of the nearest thing around it when the path isn't there. */
  locate: (path: ComposePath) => Position;
  /** Whether the whole path is written in this file. */
  has: (path: ComposePath) => boolean;
}

/** Where the keys of each mapping and the items of each list stand, as offsets in the text. */
export type Offsets = WeakMap<object, Map<string | number, number>>;

/** The offset of what stands at a path, or of the nearest thing around it; and whether the whole path is there. */
export function findOffset(
  root: YamlMap,
  path: ComposePath,
  offsets: Offsets,
): { offset: number | undefined; whole: boolean } {
  let value: YamlValue | undefined = root;
  let offset: number | undefined;
  for (const step of path) {
    const container: unknown = value;
    const next: number | undefined =
      typeof container === 'object' && container !== null ? offsets.get(container)?.get(step) : undefined;
    if (next === undefined) return { offset, whole: false };
    offset = next;
    value = (container as Record<string | number, YamlValue>)[step];
  }
  return { offset, whole: true };
}
