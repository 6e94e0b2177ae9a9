import type { core, ZodType } from 'zod';
import type { Problem } from '../errors.ts';
import { suggestWord } from './nearest-word.ts';

export type InputPath = (string | number)[];

/** Where a value (or its key) stands in the file; the nearest place around it when it isn't written there itself. */
export type Locate = (path: InputPath, part?: 'key' | 'value') => { line?: number; column?: number };

/** Where the checked value comes from. */
export interface InputSource {
  file: string;
  locate: Locate;
  /** Path of the value inside the document, e.g. `['x-balancer']`; the document itself unless told. */
  at?: InputPath;
}

/**
 * Checks a value against a schema: the checked value, or every problem with its place in the file.
 * Unknown keys name the nearest known one.
 */
export function checkInput<T>(
  raw: unknown,
  schema: ZodType<T>,
  source: InputSource,
): { value: T; problems: [] } | { value?: undefined; problems: Problem[] } {
  const result = schema.safeParse(raw);
  if (result.success) return { value: result.data, problems: [] };
  return {
    problems: result.error.issues.flatMap((issue) => explainIssue(issue, [], { raw, schema, source })),
  };
}

/** A path as people write it: `nodes.vm-a.address`, `routes[0].path`. */
export function formatPath(path: InputPath): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${step}`))
    .join('');
}

interface Context {
  raw: unknown;
  schema: core.$ZodType;
  source: InputSource;
}

/** `base` is the path of the union that the issue is about an option of; zod's paths there start anew. */
function explainIssue(issue: core.$ZodIssue, base: InputPath, context: Context): Problem[] {
  const path = [...base, ...(issue.path as InputPath)];
  const placed = (message: string, next?: string, at = path, part: 'key' | 'value' = 'value'): Problem => {
    const whole = [...(context.source.at ?? []), ...at];
    return {
      file: context.source.file,
      ...context.source.locate(whole, part),
      ...(whole.length > 0 && { path: formatPath(whole) }),
      message,
      ...(next !== undefined && { next }),
    };
  };
  const actual = readPath(context.raw, path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = collectKeys(context.schema, path);
      return issue.keys.map((key) =>
        placed(`unknown key ${JSON.stringify(key)}`, suggestWord(key, known), [...path, key], 'key'),
      );
    }
    case 'invalid_type':
      if (actual === undefined) return [placed(`${JSON.stringify(String(path.at(-1) ?? ''))} is missing`)];
      return [
        placed(
          `${describeExpected(issue.expected)} expected, not ${describe(actual)}`,
          isTextExpected(issue.expected, actual) ? `put it in quotes: "${String(actual)}"` : undefined,
        ),
      ];
    case 'invalid_value': {
      const values = issue.values.map(String);
      if (actual === undefined)
        return [
          placed(`${JSON.stringify(String(path.at(-1) ?? ''))} is missing`, `one of: ${values.join(', ')}`),
        ];
      return [
        placed(
          `${describe(actual)} is not one of ${values.join(', ')}`,
          suggestValue(String(actual), values),
        ),
      ];
    }
    case 'invalid_key':
      return issue.issues.map((inner) => placed(inner.message, undefined, path, 'key'));
    case 'invalid_union': {
      const option = pickOption(issue.errors, actual);
      if (option) return option.flatMap((inner) => explainIssue(inner, path, context));
      const expected = issue.errors.flat().flatMap((inner) => expectedOf(inner));
      if (expected.length === 0) return [placed(issue.message)];
      if (actual === undefined) return [placed(`${JSON.stringify(String(path.at(-1) ?? ''))} is missing`)];
      return [placed(`${[...new Set(expected)].join(' or ')} expected, not ${describe(actual)}`)];
    }
    default:
      return [placed(issue.message)];
  }
}

/** The option of a union that was meant: the one whose type fits, so that what is reported lies inside it. */
function pickOption(options: core.$ZodIssue[][], actual: unknown): core.$ZodIssue[] | undefined {
  if (actual === undefined) return undefined;
  const fitting = options.filter(
    (issues) => !issues.some((issue) => issue.path.length === 0 && issue.code === 'invalid_type'),
  );
  return fitting.sort((a, b) => a.length - b.length)[0];
}

function expectedOf(issue: core.$ZodIssue): string[] {
  if (issue.code === 'invalid_type') return [describeExpected(issue.expected)];
  if (issue.code === 'invalid_value') return issue.values.map((value) => JSON.stringify(value));
  return [];
}

function describeExpected(expected: string): string {
  const words: Record<string, string> = {
    string: 'text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    object: 'a mapping of keys',
    record: 'a mapping of keys',
    array: 'a list',
  };
  return words[expected] ?? expected;
}

function describe(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return JSON.stringify(value);
}

function isTextExpected(expected: string, actual: unknown): boolean {
  return expected === 'string' && (typeof actual === 'number' || typeof actual === 'boolean');
}

function suggestValue(actual: string, values: string[]): string | undefined {
  const suggestion = suggestWord(actual, values);
  return suggestion.startsWith('did you mean') ? suggestion : undefined;
}

function readPath(value: unknown, path: InputPath): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<string | number, unknown>)[step];
  }
  return current;
}

/** The keys that the schema knows at a path; of every option where it is a union. */
function collectKeys(schema: core.$ZodType, path: InputPath): string[] {
  const { def } = (schema as core.$ZodTypes)._zod;
  switch (def.type) {
    case 'object': {
      const [step, ...rest] = path;
      if (step === undefined) return Object.keys(def.shape);
      const next = def.shape[step] ?? def.catchall;
      return next ? collectKeys(next, rest) : [];
    }
    case 'record':
      return path.length > 0 ? collectKeys(def.valueType, path.slice(1)) : [];
    case 'array':
      return path.length > 0 ? collectKeys(def.element, path.slice(1)) : [];
    case 'union':
      return [...new Set(def.options.flatMap((option) => collectKeys(option, path)))];
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
    case 'nonoptional':
    case 'catch':
      return collectKeys(def.innerType, path);
    case 'pipe':
      return [...new Set([...collectKeys(def.in, path), ...collectKeys(def.out, path)])];
    case 'lazy':
      return collectKeys(def.getter(), path);
    default:
      return [];
  }
}
