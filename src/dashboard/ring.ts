/** The last values of a series, oldest first; what is older is forgotten. */
export interface Ring<Value> {
  push(value: Value): void;
  list(): Value[];
}

export function createRing<Value>(size: number): Ring<Value> {
  const values: Value[] = [];
  return {
    push: (value) => {
      values.push(value);
      if (values.length > size) values.splice(0, values.length - size);
    },
    list: () => [...values],
  };
}
