/** Holds an interpolated compose file against the format: every problem at once, each with its place and what was expected. */
import type { Problem } from '../../errors.ts';
import { suggestWord } from '../../input/nearest-word.ts';
import { adviseType } from './advise-type.ts';
import type { ComposeDocument, ComposePath } from './compose-document.ts';
import { explainForeignKey } from './foreign-keys.ts';
import { parseDuration } from './parse-duration.ts';
import { parsePortSpec } from './parse-port.ts';
import { composeSchema, newestMinor } from './schema.ts';
import type { Field, SchemaNode } from './schema-nodes.ts';
import { printScalar } from './yaml-scalar.ts';
import { describeType, isMap, type YamlMap, YamlStamp, type YamlValue } from './yaml-value.ts';

export interface CheckedFile {
  problems: Problem[];
  /** Problems that only say "this key doesn't exist": what a lenient reader may turn into warnings. */
  unknownKeys: Problem[];
}

export function checkComposeFile(document: ComposeDocument, root: YamlMap, minor: number): CheckedFile {
  const checker = new Checker(document, minor);
  checker.check(root, composeSchema, []);
  return { problems: checker.problems, unknownKeys: checker.unknownKeys };
}

class Checker {
  readonly problems: Problem[] = [];
  readonly unknownKeys: Problem[] = [];
  readonly #document: ComposeDocument;
  readonly #minor: number;

  constructor(document: ComposeDocument, minor: number) {
    this.#document = document;
    this.#minor = minor;
  }

  check(value: YamlValue, node: SchemaNode, path: ComposePath): void {
    if (node.kind === 'either') this.#checkEither(value, node.options, path);
    else if (!matchesType(value, node)) this.#reportType(value, [node], path);
    else if (node.kind === 'list') this.#checkList(value as YamlValue[], node, path);
    else if (node.kind === 'map') this.#checkMap(value as YamlMap, node, path);
    else if (node.kind === 'dictionary') this.#checkDictionary(value as YamlMap, node, path);
    else this.#checkLeaf(value, node, path);
  }

  #checkEither(value: YamlValue, options: SchemaNode[], path: ComposePath): void {
    const fitting = options.find((option) => matchesType(value, option));
    if (fitting) this.check(value, fitting, path);
    else this.#reportType(value, options, path);
  }

  #checkList(value: YamlValue[], node: SchemaNode & { kind: 'list' }, path: ComposePath): void {
    for (const [index, item] of value.entries()) this.check(item, node.items, [...path, index]);
    if (!node.unique) return;
    const seen = new Map<string, number>();
    for (const [index, item] of value.entries()) {
      const text = fingerprint(item);
      const first = seen.get(text);
      if (first === undefined) seen.set(text, index);
      else
        this.#report([...path, index], {
          message: `the same entry is already there (entry ${first + 1})`,
          next: 'remove one of the two',
        });
    }
  }

  #checkMap(value: YamlMap, node: SchemaNode & { kind: 'map' }, path: ComposePath): void {
    for (const [key, item] of Object.entries(value)) {
      const field = Object.hasOwn(node.fields, key) ? node.fields[key] : undefined;
      if (field && field.since <= this.#minor) this.check(item, field.schema, [...path, key]);
      else if (key.startsWith('x-') && this.#isSince(node.extrasSince)) continue;
      else if (!this.#isSince(node.openSince)) this.#reportUnknown(key, field, node, path);
    }
    for (const key of node.required ?? [])
      if (!(key in value)) this.#report(path, { message: `${key} is missing` });
  }

  #isSince(minor: number | undefined): boolean {
    return minor !== undefined && minor <= this.#minor;
  }

  #checkDictionary(value: YamlMap, node: SchemaNode & { kind: 'dictionary' }, path: ComposePath): void {
    for (const [key, item] of Object.entries(value)) {
      if (node.keys && !node.keys.test(key))
        this.#report([...path, key], {
          message: `${JSON.stringify(key)} can't be used as a name`,
          next: `a name is made of ${node.keyRule}`,
        });
      // where any scalar becomes text, so does a date
      else if (!(item instanceof YamlStamp)) this.check(item, node.values, [...path, key]);
    }
  }

  #checkLeaf(value: YamlValue, node: SchemaNode, path: ComposePath): void {
    if (node.kind === 'integer' && node.minimum !== undefined && Number(value as bigint) < node.minimum)
      this.#report(path, { message: `${value} is less than ${node.minimum}` });
    if (node.kind === 'string' && node.oneOf && !node.oneOf.includes(value as string))
      this.#report(path, {
        message: `expected ${node.oneOf.join(' or ')}, found ${JSON.stringify(value)}`,
        next: suggestWord(value as string, node.oneOf),
      });
    if (!('format' in node) || node.format === undefined) return;
    const text = printScalar(value);
    if (node.format === 'duration' && parseDuration(text) === undefined)
      this.#report(path, {
        message: `${JSON.stringify(text)} is not a duration`,
        next: 'write a number with its unit, such as 30s, 1m30s or 500ms',
      });
    if (node.format === 'ports') this.#checkPort(text, path);
  }

  #checkPort(text: string, path: ComposePath): void {
    const parsed = parsePortSpec(text);
    if (typeof parsed !== 'string') return;
    this.#report(path, {
      message: `${JSON.stringify(text)} is not a published port: ${parsed}`,
      next: 'write PORT, HOST:CONTAINER or HOST:CONTAINER/udp',
    });
  }

  #reportType(value: YamlValue, options: SchemaNode[], path: ComposePath): void {
    const expected = joinWords(options.map(describeNode));
    const found = value === null || typeof value === 'object' ? '' : ` ${printScalar(value)}`;
    const next = adviseType(value, options, path);
    const message = `expected ${expected}, found ${describeType(value)}${found}`;
    this.#report(path, next === undefined ? { message } : { message, next });
  }

  #reportUnknown(
    key: string,
    field: Field | undefined,
    node: SchemaNode & { kind: 'map' },
    path: ComposePath,
  ): void {
    const known = Object.entries(node.fields)
      .filter(([, one]) => one.since <= this.#minor)
      .map(([name]) => name);
    const next = field
      ? `it exists since version 3.${field.since}: drop the "version" line, or raise it`
      : (explainForeignKey(key, path) ?? suggestWord(key, known));
    const version = field ? ` in version 3.${this.#minor}` : '';
    const where = path.length === 0 ? 'at the top of the file' : 'here';
    this.unknownKeys.push(
      this.#problem([...path, key], { message: `the key "${key}" is not known ${where}${version}`, next }),
    );
  }

  #report(path: ComposePath, what: { message: string; next?: string }): void {
    this.problems.push(this.#problem(path, what));
  }

  #problem(path: ComposePath, what: { message: string; next?: string }): Problem {
    const place = this.#document.locate(path);
    return { file: this.#document.file, ...place, path: path.join('.'), ...what };
  }
}

function matchesType(value: YamlValue, node: SchemaNode): boolean {
  if (node.kind === 'either') return node.options.some((option) => matchesType(value, option));
  return typeTests[node.kind](value);
}

const typeTests: Record<Exclude<SchemaNode['kind'], 'either'>, (value: YamlValue) => boolean> = {
  any: () => true,
  string: (value) => typeof value === 'string',
  // 3.0 is the integer 3 for a JSON schema
  integer: (value) => typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value)),
  number: (value) => typeof value === 'bigint' || typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  list: (value) => Array.isArray(value),
  map: (value) => isMap(value),
  dictionary: (value) => isMap(value),
};

function describeNode(node: SchemaNode): string {
  if (node.kind === 'map' || node.kind === 'dictionary') return 'a mapping';
  if (node.kind === 'either') return joinWords(node.options.map(describeNode));
  if (node.kind === 'null') return 'nothing';
  if (node.kind === 'integer') return 'an integer';
  if (node.kind === 'boolean') return 'true or false';
  return node.kind === 'any' ? 'anything' : `a ${node.kind}`;
}

function joinWords(words: string[]): string {
  const all = [...new Set(words)];
  if (all.length < 2) return all.join('');
  return `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`;
}

/** Equal for entries that are equal as JSON; 80 and "80" are not. */
function fingerprint(value: YamlValue): string {
  if (value instanceof YamlStamp || typeof value === 'bigint') return printScalar(value);
  if (Array.isArray(value)) return `[${value.map(fingerprint).join()}]`;
  if (!isMap(value)) return JSON.stringify(value);
  const entries = Object.keys(value).sort();
  return `{${entries.map((key) => `${JSON.stringify(key)}:${fingerprint(value[key] as YamlValue)}`).join()}}`;
}

/** The minor number of a `version:` value, or `undefined` for one that `docker stack deploy` refuses. */
export function readVersion(version: YamlValue | undefined): number | undefined {
  if (version === undefined || version === '' || version === '3') return newestMinor;
  const match = typeof version === 'string' ? /^3\.(0|[1-9][0-9]?)$/.exec(version) : null;
  const minor = match ? Number(match[1]) : undefined;
  return minor !== undefined && minor <= newestMinor ? minor : undefined;
}
