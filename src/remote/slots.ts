/** A number of places; who finds none waits in a queue. */
export interface Slots {
  /** Waits for a place; the function given back frees it, once. */
  take(): Promise<() => void>;
  /** A place, if one is free now. */
  takeNow(): (() => void) | undefined;
}

/** `count` places. */
export function createSlots(count: number): Slots {
  let free = count;
  const waiting: ((release: () => void) => void)[] = [];
  const hand = (): (() => void) => {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const next = waiting.shift();
      if (next) next(hand());
      else free++;
    };
  };
  const takeNow = (): (() => void) | undefined => {
    if (free === 0) return undefined;
    free--;
    return hand();
  };
  return {
    takeNow,
    take: () => {
      const now = takeNow();
      return now ? Promise.resolve(now) : new Promise((resolve) => waiting.push(resolve));
    },
  };
}
