/** What a compose file is made of once YAML is read: integers stay exact, floats and dates stay recognisable. */

/** A YAML timestamp, which the compose format has no use for but must be able to print as `docker stack deploy` does. */
export interface YamlTimestamp {
  /** As Go prints a `time.Time`: `2020-01-01 10:00:00 +0000 UTC`. */
  readonly timestamp: string;
}

export interface YamlMap {
  [key: string]: YamlValue;
}

/** An integer is a `bigint`, a float a `number`. */
export type YamlValue = string | bigint | number | boolean | null | YamlStamp | YamlValue[] | YamlMap;

/** The class by which a timestamp is told from a mapping. */
export class YamlStamp implements YamlTimestamp {
  readonly timestamp: string;

  constructor(timestamp: string) {
    this.timestamp = timestamp;
  }
}

export function isMap(value: YamlValue | undefined): value is YamlMap {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof YamlStamp)
  );
}

/** A mapping with no inherited keys, so that a key called `__proto__` is a key like any other. */
export function newMap(): YamlMap {
  return Object.create(null) as YamlMap;
}

/** What a value is, in the words of someone who writes YAML. */
export function describeType(value: YamlValue): string {
  if (value === null) return 'empty (null)';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof YamlStamp) return 'a date';
  if (typeof value === 'bigint') return 'an integer';
  if (typeof value === 'number') return 'a number';
  if (typeof value === 'boolean') return 'a boolean';
  return typeof value === 'string' ? 'a string' : 'a mapping';
}

/** The value as ordinary JavaScript: integers as numbers, dates as text. */
export function toPlain(value: YamlValue): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof YamlStamp) return value.timestamp;
  if (Array.isArray(value)) return value.map(toPlain);
  if (isMap(value)) return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, toPlain(one)]));
  return value;
}
