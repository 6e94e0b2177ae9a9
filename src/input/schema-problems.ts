import { type core, safeParse, type ZodType } from 'zod';
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
  const context = { raw, schema, source };
  return {
    problems: dropFollowers(result.error.issues).flatMap((issue) => explainIssue(issue, [], context)),
  };
}

/** A value of the wrong kind is that and nothing else: not too short, nor of the wrong form. */
function dropFollowers(issues: readonly core.$ZodIssue[]): core.$ZodIssue[] {
  const misfits = issues.filter(({ code }) => code === 'invalid_type');
  const places = new Set(misfits.map(({ path }) => path.join('\0')));
  return issues.filter(({ code, path }) => code === 'invalid_type' || !places.has(path.join('\0')));
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
      return [
        ...issue.issues.map((inner) => placed(inner.message, undefined, path, 'key')),
        ...checkUnderBadKey(path, actual, context),
      ];
    case 'too_big':
      return [placed(nameLimit(issue.message, `at most ${issue.maximum} is allowed here`))];
    case 'too_small':
      return [placed(nameLimit(issue.message, `at least ${issue.minimum} is wanted here`))];
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

/** A schema doesn't look at what stands under a name that it refuses; what is wrong there is told all the same. */
function checkUnderBadKey(path: InputPath, actual: unknown, context: Context): Problem[] {
  const schema = findValueSchema(context.schema, path);
  const result = schema && safeParse(schema, actual);
  if (!result || result.success) return [];
  return dropFollowers(result.error.issues).flatMap((issue) => explainIssue(issue, path, context));
}

/** Zod's own words, which are none of ours, start so; a limit with words of its own keeps them. */
function nameLimit(message: string, words: string): string {
  return /^Too (big|small)/.test(message) ? words : message;
}

/** The option of a union that was meant: the one whose type fits, so that what is reported lies inside it. */
function pickOption(options: core.$ZodIssue[][], actual: unknown): core.$ZodIssue[] | undefined {
  if (actual === undefined) return undefined;
  const fits = (issues: core.$ZodIssue[], codes: string[]): boolean =>
    !issues.some((issue) => issue.path.length === 0 && codes.includes(issue.code));
  // A word that none of the options knows may be a mistyped one; anything else is meant to be none of them.
  const unfit = typeof actual === 'string' ? ['invalid_type'] : ['invalid_type', 'invalid_value'];
  const [nearest] = options.filter((issues) => fits(issues, unfit)).sort((a, b) => a.length - b.length);
  return nearest && dropFollowers(nearest);
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

/** The schema of the values of the record at a path; `undefined` where it isn't a record of one. */
function findValueSchema(schema: core.$ZodType, path: InputPath): core.$ZodType | undefined {
  const { def } = (schema as core.$ZodTypes)._zod;
  const [step, ...rest] = path;
  if (def.type === 'optional') return findValueSchema(def.innerType, path);
  if (step === undefined) return undefined;
  if (def.type === 'record') return rest.length === 0 ? def.valueType : findValueSchema(def.valueType, rest);
  const next = def.type === 'object' ? def.shape[step] : undefined;
  return next && findValueSchema(next, rest);
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
