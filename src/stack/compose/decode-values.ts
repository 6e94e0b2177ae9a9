/** Small readers for values the schema has already checked: each turns one of the format's notations into one form. */
import { newRecord } from './compose-types.ts';
import { parseDuration } from './parse-duration.ts';
import { printScalar } from './yaml-scalar.ts';
import { isMap, type YamlMap, type YamlValue } from './yaml-value.ts';

export function readMap(value: YamlValue | undefined): YamlMap | undefined {
  return isMap(value) ? value : undefined;
}

export function readList(value: YamlValue | undefined): YamlValue[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

export function readText(value: YamlValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

export function readFlag(value: YamlValue | undefined): boolean {
  return value === true;
}

export function readNumber(value: YamlValue | undefined): number | undefined {
  return typeof value === 'bigint' || typeof value === 'number' ? Number(value) : undefined;
}

export function readDuration(value: YamlValue | undefined): number | undefined {
  return typeof value === 'string' ? parseDuration(value) : undefined;
}

export function readStrings(value: YamlValue | undefined): string[] | undefined {
  if (typeof value === 'string') return [value];
  return Array.isArray(value)
    ? value.map((one) => (typeof one === 'string' ? one : printScalar(one)))
    : undefined;
}

/** A mapping, or a list of `KEY=VALUE`; a key without a value has the empty text. */
export function readTexts(value: YamlValue | undefined): Record<string, string> | undefined {
  const entries = readOptionalTexts(value);
  if (!entries) return undefined;
  const texts = newRecord<string>();
  for (const [key, text] of Object.entries(entries)) texts[key] = text ?? '';
  return texts;
}

/** As `readTexts`, but a key without a value is null. */
export function readOptionalTexts(value: YamlValue | undefined): Record<string, string | null> | undefined {
  const texts = newRecord<string | null>();
  if (isMap(value)) {
    for (const [key, one] of Object.entries(value)) texts[key] = one === null ? null : printScalar(one);
    return texts;
  }
  if (!Array.isArray(value)) return undefined;
  for (const one of value) {
    const entry = String(one);
    const equals = entry.indexOf('=');
    if (equals < 0) texts[entry] = null;
    else texts[entry.slice(0, equals)] = entry.slice(equals + 1);
  }
  return texts;
}

/** Leaves out what is undefined, so that an absent field is really absent. */
export function dropUndefined<T extends object>(value: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}
