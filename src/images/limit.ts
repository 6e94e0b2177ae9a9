/** Lets at most so many pieces of work run at once; the others wait their turn. */
export function limitConcurrency(atOnce: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      // the place is handed over rather than given up, so that nobody slips in between
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}

/** Lets work of one key run one piece after the other, in the order it came; work of other keys isn't held up. */
export function takeTurns(): <Result>(key: string, work: () => Promise<Result>) => Promise<Result> {
  const lanes = new Map<string, ReturnType<typeof limitConcurrency>>();
  return (key, work) => {
    const lane = lanes.get(key) ?? limitConcurrency(1);
    lanes.set(key, lane);
    return lane(work);
  };
}
