/** How single values of two compose files become one; what is undefined was not written. */
import { newRecord } from './compose-types.ts';

/** Both merged; otherwise the one there is. */
export function mergeOptional<T>(
  base: T | undefined,
  over: T | undefined,
  merge: (base: T, over: T) => T,
): T | undefined {
  return base !== undefined && over !== undefined ? merge(base, over) : (over ?? base);
}

/** The later list as a whole, unless it is empty. */
export function mergeCommand(base: string[] | undefined, over: string[] | undefined): string[] | undefined {
  return over && (over.length > 0 || base === undefined) ? over : base;
}

/** Every entry of both; the later one wins, an empty text too. */
export function mergeTexts(
  base: Record<string, string> | undefined,
  over: Record<string, string> | undefined,
): Record<string, string> | undefined {
  return mergeEntries(base, over);
}

/** Every entry of both; the later one wins. */
export function mergeEntries<T>(
  base: Record<string, T> | undefined,
  over: Record<string, T> | undefined,
): Record<string, T> | undefined {
  if (!base || !over) return over ?? base;
  return Object.assign(newRecord<T>(), base, over);
}

/** An empty list appended to none leaves none. */
export function append<T>(base: T[] | undefined, over: T[] | undefined): T[] | undefined {
  if (base && over) return [...base, ...over];
  return base ?? (over?.length ? over : undefined);
}

/** One entry a key, the last one written; sorted. A base that has none takes the override's as they are. */
export function mergeKeyed<T>(
  base: T[] | undefined,
  over: T[] | undefined,
  key: (entry: T) => string | number,
  compare: (a: T, b: T) => number,
): T[] | undefined {
  if (!base) return over;
  const entries = new Map<string | number, T>();
  for (const entry of [...base, ...(over ?? [])]) entries.set(key(entry), entry);
  return [...entries.values()].sort(compare);
}

/** Compares two entries by a text of theirs. */
export function byText<T>(text: (entry: T) => string): (a: T, b: T) => number {
  return (a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0);
}
