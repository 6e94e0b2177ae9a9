/**
 * `${VARIABLE}` in values, in the forms `docker stack deploy` knows: `$A`, `${A}`, `${A:-default}`, `${A-default}`,
 * `${A:?message}`, `${A?message}` and `$$` for a dollar. Keys are left alone; a default is taken as it is written, so
 * defaults don't nest; `${A:+x}` is refused as there.
 */
import type { Problem } from '../../errors.ts';
import type { ComposeDocument, ComposePath } from './compose-document.ts';
import { castInterpolated } from './interpolate-casts.ts';
import { isMap, newMap, type YamlMap, type YamlValue } from './yaml-value.ts';

export type Variables = Readonly<Record<string, string>>;

/** A copy of the document's values with every variable filled in, every place where that failed, and what was dropped. */
export function interpolateDocument(
  document: ComposeDocument,
  variables: Variables,
): { root: YamlMap; problems: Problem[]; dropped: Problem[] } {
  const problems: Problem[] = [];
  const dropped: Problem[] = [];
  const place = (path: ComposePath) => ({
    file: document.file,
    ...document.locate(path),
    path: path.join('.'),
  });
  const report = (path: ComposePath, failure: Failure) => problems.push({ ...place(path), ...failure });
  const fill = (value: YamlValue, path: ComposePath): YamlValue => {
    if (typeof value === 'string') return fillText(value, path);
    if (Array.isArray(value)) return value.map((one, index) => fill(one, [...path, index]));
    if (!isMap(value)) return value;
    const copy = newMap();
    for (const [key, one] of Object.entries(value)) copy[key] = fill(one, [...path, key]);
    return copy;
  };
  const fillText = (text: string, path: ComposePath): YamlValue => {
    if (!text.includes('$')) return text;
    const filled = interpolateText(text, variables, (failure) =>
      dropped.push({ ...place(path), ...failure }),
    );
    if (typeof filled !== 'string') {
      report(path, filled);
      return text;
    }
    const cast = filled === text ? { value: text } : castInterpolated(filled, path);
    if ('value' in cast) return cast.value;
    report(path, { message: `${text} gives ${JSON.stringify(filled)} here; expected ${cast.expected}` });
    return filled;
  };
  return { root: fill(document.root, []) as YamlMap, problems, dropped };
}

export interface Failure {
  message: string;
  next?: string;
}

const name = '[_a-zA-Z][_a-zA-Z0-9]*';
const substitution = `${name}(?::?[-?][^}]*)?`;
const pattern = new RegExp(`\\$(?:(\\$)|(${substitution})|\\{(${substitution})\\}|())`, 'g');

/**
 * The text with its variables filled in, or why that is impossible. Never throws. A dollar sign that begins no variable
 * is a failure unless a variable that is fine comes after it: the real command then forgets the failure and drops the
 * sign, and there are files that live by it. `onDropped` hears of each.
 */
export function interpolateText(
  text: string,
  variables: Variables,
  onDropped: (failure: Failure) => void = () => {},
): string | Failure {
  let missing: Failure | undefined;
  let invalid: Failure | undefined;
  const result = text.replace(pattern, (...match: (string | number | undefined)[]) => {
    const [, escaped, named, braced] = match as string[];
    if (escaped) return escaped;
    const inner = named || braced;
    if (!inner) {
      invalid ??= explainInvalid(text, match.at(-2) as number);
      return '';
    }
    if (invalid) onDropped(invalid);
    invalid = undefined;
    const filled = substitute(inner, variables);
    if (typeof filled === 'string') return filled;
    missing ??= filled;
    return '';
  });
  return missing ?? invalid ?? result;
}

/** The order of the forms matters: `${A?a-b}` is a default of a variable named `A?a` there, and so it is here. */
function substitute(inner: string, variables: Variables): string | Failure {
  const soft = cut(inner, ':-');
  if (soft) return read(variables, soft.before) || soft.after;
  const hard = cut(inner, '-');
  if (hard) return read(variables, hard.before) ?? hard.after;
  const nonEmpty = cut(inner, ':?');
  if (nonEmpty) return read(variables, nonEmpty.before) || explainMissing(nonEmpty, 'is unset or empty');
  const required = cut(inner, '?');
  if (required) return read(variables, required.before) ?? explainMissing(required, 'is unset');
  return read(variables, inner) ?? '';
}

function read(variables: Variables, key: string): string | undefined {
  return Object.hasOwn(variables, key) ? variables[key] : undefined;
}

function cut(text: string, separator: string): { before: string; after: string } | undefined {
  const at = text.indexOf(separator);
  return at < 0 ? undefined : { before: text.slice(0, at), after: text.slice(at + separator.length) };
}

function explainMissing({ before, after }: { before: string; after: string }, state: string): Failure {
  const message = `the required variable ${before} ${state}`;
  return {
    message: after ? `${message}: ${after}` : message,
    next: `set ${before} in the environment, or under variables of cluster.yml`,
  };
}

function explainInvalid(text: string, at: number): Failure {
  const found = text.slice(at, at + 24) + (text.length > at + 24 ? '…' : '');
  if (/^\$\{[_a-zA-Z][_a-zA-Z0-9]*:?\+/.test(found))
    return {
      message: `${found} is a form that docker stack deploy doesn't know (":+")`,
      next: 'use a variable of its own, or ${NAME:-default}',
    };
  return {
    message: `${JSON.stringify(found)} is no variable`,
    next: 'write $$ for a dollar sign, ${NAME} or ${NAME:-default} for a variable',
  };
}
