/**
 * What a plain YAML scalar means, and how it prints as text, in the reading of `docker stack deploy`: its YAML library
 * (go-yaml v3) takes neither `yes` nor `1e3` as YAML 1.1 or 1.2 alone would. Source: YAML 1.2 core schema, go-yaml's README.
 */
import { YamlStamp, type YamlValue } from './yaml-value.ts';

const words = new Map<string, YamlValue>([
  ['', null],
  ['~', null],
  ...['null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF'].flatMap((word) => [
    [word, Number.POSITIVE_INFINITY] as const,
    [`+${word}`, Number.POSITIVE_INFINITY] as const,
    [`-${word}`, Number.NEGATIVE_INFINITY] as const,
  ]),
]);

const integer = /^([+-]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|[1-9][0-9]*|0)$/;
const float = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
const smallest = -(2n ** 63n);
const largest = 2n ** 64n - 1n;

/** What an unquoted scalar without a tag means. */
export function resolvePlainScalar(text: string): YamlValue {
  const word = words.get(text);
  if (word !== undefined) return word;
  const first = text[0] ?? '';
  if (first === '.') return readFloat(text) ?? text;
  if (!/[0-9+-]/.test(first)) return text;
  const stamp = parseTimestamp(text);
  if (stamp !== undefined) return stamp;
  const digits = text.replaceAll('_', '');
  const whole = parseInteger(digits);
  if (whole !== undefined) return whole;
  return readFloat(digits) ?? text;
}

/** What doesn't fit in a float is text there. */
function readFloat(text: string): number | undefined {
  if (!float.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function parseInteger(digits: string): bigint | undefined {
  const match = integer.exec(digits);
  if (!match) return undefined;
  const body = match[2] as string;
  const octal = /^0[0-7]+$/.test(body) ? `0o${body.slice(1)}` : body;
  const value = (match[1] === '-' ? -1n : 1n) * BigInt(octal);
  return value < smallest || value > largest ? undefined : value;
}

const stampPattern =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:([Tt ])(\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})?)?$/;

/** `undefined` for text that isn't a date; only the forms go-yaml knows. */
function parseTimestamp(text: string): YamlStamp | undefined {
  const match = stampPattern.exec(text);
  if (!match) return undefined;
  const [, year, month, day, separator, hour = '0', minute = '0', second = '0', fraction = '', zone] = match;
  // with a blank between date and time no zone is allowed, with a T one is needed
  if (separator !== undefined && (separator === ' ') !== (zone === undefined)) return undefined;
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > days) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const two = (part: string | undefined) => String(part).padStart(2, '0');
  const offset =
    zone === undefined || zone === 'Z' ? '+0000 UTC' : `${zone.replace(':', '')} ${zone.replace(':', '')}`;
  const tail = fraction.replace(/\.?0+$/, '');
  return new YamlStamp(
    `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}${tail} ${offset}`,
  );
}

/** The text `docker stack deploy` makes of a scalar where text is wanted; a null gives the empty text. */
export function printScalar(value: YamlValue): string {
  if (value === null) return '';
  if (typeof value === 'number') return printFloat(value);
  if (value instanceof YamlStamp) return value.timestamp;
  return String(value);
}

/** Go's `%v`: the shortest digits that read back the same, in exponent form below 1e-4 and from 1e6 on. */
function printFloat(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa = '', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent >= 0 && exponent < 6) return String(value);
  if (exponent < 0 && exponent >= -4) return value.toFixed(countFractionDigits(mantissa) - exponent);
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

function countFractionDigits(mantissa: string): number {
  return mantissa.split('.')[1]?.length ?? 0;
}
