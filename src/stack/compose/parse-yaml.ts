/**
 * YAML text to values with places. Tags, merge keys, duplicate keys and limits follow what `docker stack deploy`
 * accepts; anything it would refuse is a problem with a line here.
 */
import {
  Composer,
  type Document,
  isAlias,
  isMap as isMapNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  Parser,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import { InputError, type Problem } from '../../errors.ts';
import { resolvePlainScalar } from './yaml-scalar.ts';
import { isMap, newMap, type YamlMap, type YamlValue } from './yaml-value.ts';

export type ComposePath = readonly (string | number)[];

export interface Position {
  /** 1-based. */
  line?: number;
  /** 1-based. */
  column?: number;
}

export interface ComposeDocument {
  file: string;
  root: YamlMap;
  /** The position of what stands at a path; of the nearest thing around it when the path isn't there. */
  locate: (path: ComposePath) => Position;
  /** Whether the whole path is written in this file. */
  has: (path: ComposePath) => boolean;
}

/** Reads the first document of a YAML text. @throws InputError with every problem of syntax. */
export function parseComposeYaml(text: string, file: string): ComposeDocument {
  const lines = new LineCounter();
  const document = composeFirst(text, lines, file);
  const place = (offset: number | undefined): Position => {
    if (offset === undefined) return {};
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  if (document?.errors.some((error) => /call stack/i.test(error.message))) throw tooDeep(file);
  if (document && document.errors.length > 0)
    throw new InputError(
      document.errors
        .filter((error, index, all) => all.findIndex((other) => other.pos[0] === error.pos[0]) === index)
        .map((error) => ({ file, ...place(error.pos[0]), ...explainSyntax(error.code, error.message) })),
    );
  const reader = new Reader(document, file, place);
  const root = document?.contents ? guardDepth(() => reader.read(document.contents as Node), file) : null;
  if (reader.problems.length > 0) throw new InputError(reader.problems);
  if (!isMap(root))
    throw new InputError({
      file,
      ...place(document?.contents?.range?.[0]),
      message: root === null ? 'the file is empty' : 'the file is not a mapping',
      next: 'a compose file begins with "services:" and a service under it',
    });
  const find = (path: ComposePath) => findOffset(root, path, reader.offsets);
  return { file, root, locate: (path) => place(find(path).offset), has: (path) => find(path).whole };
}

function composeFirst(text: string, lines: LineCounter, file: string): Document.Parsed | undefined {
  const composer = new Composer({
    version: '1.2',
    schema: 'failsafe',
    uniqueKeys: false,
    keepSourceTokens: false,
    lineCounter: lines,
    strict: true,
    logLevel: 'error',
  });
  return guardDepth(() => {
    const parser = new Parser(lines.addNewLine);
    for (const document of composer.compose(parser.parse(text), true, text.length)) return document;
    return undefined;
  }, file) as Document.Parsed | undefined;
}

/** The YAML library recurses: what is nested too deep for the stack is too deep for anyone. */
function guardDepth<T>(run: () => T, file: string): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw tooDeep(file);
  }
}

function tooDeep(file: string): InputError {
  return new InputError({ file, message: 'the file is nested too deeply to be read' });
}

function explainSyntax(code: string, message: string): { message: string; next?: string } {
  const text = `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
  if (code === 'TAB_AS_INDENT')
    return { message: 'a tab where YAML wants spaces', next: 'indent with spaces' };
  return { message: text };
}

/** What the file may cost by its aliases, as go-yaml limits it: the share of nodes that come from aliases. */
const aliasLimits = { freeNodes: 1000, freeAliased: 100, lowCount: 400_000, highCount: 4_000_000 };

class Reader {
  readonly problems: Problem[] = [];
  /** Where the keys of each mapping and the items of each list stand. */
  readonly offsets = new WeakMap<object, Map<string | number, number>>();
  readonly #file: string;
  readonly #place: (offset: number | undefined) => Position;
  readonly #targets = new Map<Node, Node | undefined>();
  readonly #open = new Set<Node>();
  #count = 0;
  #aliased = 0;
  #aliasDepth = 0;

  constructor(
    document: Document.Parsed | undefined,
    file: string,
    place: (offset: number | undefined) => Position,
  ) {
    this.#file = file;
    this.#place = place;
    if (document) this.#bindAliases(document);
  }

  /** An alias means the last anchor of that name above it. */
  #bindAliases(document: Document.Parsed): void {
    if (!document.contents) return;
    const anchors = new Map<string, Node>();
    guardDepth(
      () =>
        visit(document, {
          Node: (_key, node) => {
            if (isAlias(node)) this.#targets.set(node, anchors.get(node.source));
            else if ('anchor' in node && node.anchor) anchors.set(node.anchor, node as Node);
          },
        }),
      this.#file,
    );
  }

  read(node: Node | null): YamlValue {
    if (node === null) return null;
    this.#countNode(node);
    if (isAlias(node)) return this.#readAlias(node);
    if (isMapNode(node)) return this.#readMap(node as YAMLMap<Node, Node | null>);
    if (isSeq(node)) return this.#readList(node.items as Node[]);
    return this.#readScalar(node as Scalar);
  }

  #countNode(node: Node): void {
    this.#count++;
    if (this.#aliasDepth > 0) this.#aliased++;
    if (this.#aliased <= aliasLimits.freeAliased || this.#count <= aliasLimits.freeNodes) return;
    if (this.#aliased / this.#count <= allowedAliasShare(this.#count)) return;
    throw new InputError({
      file: this.#file,
      ...this.#place(node.range?.[0]),
      message: 'the file grows out of bounds by its aliases (*name)',
      next: 'write the repeated part out, or nest fewer aliases',
    });
  }

  #readAlias(node: Node): YamlValue {
    const target = this.#targets.get(node);
    const name = isAlias(node) ? node.source : '';
    if (target === undefined) {
      this.#report(node, `there is no anchor &${name} above this alias`);
      return null;
    }
    if (this.#open.has(target)) {
      this.#report(node, `the anchor &${name} contains itself`);
      return null;
    }
    this.#aliasDepth++;
    const value = this.#inside(target, () => this.read(target));
    this.#aliasDepth--;
    return value;
  }

  #readList(items: Node[]): YamlValue[] {
    const list: YamlValue[] = [];
    const offsets = new Map<number, number>();
    for (const [index, item] of items.entries()) {
      offsets.set(index, item.range?.[0] ?? 0);
      list.push(this.#inside(item, () => this.read(item)));
    }
    this.offsets.set(list, offsets as Map<string | number, number>);
    return list;
  }

  #readMap(node: YAMLMap<Node, Node | null>): YamlMap {
    const map = newMap();
    const offsets = new Map<string | number, number>();
    const merges: Node[] = [];
    const seen = new Map<string, Node>();
    for (const { key, value } of node.items) {
      const offset = key?.range?.[0];
      if (isMergeKey(key)) {
        if (seen.has('<<')) this.#reportDuplicate(key, '<<', seen.get('<<'));
        seen.set('<<', key);
        if (value) merges.push(value);
        continue;
      }
      const name = this.#readKey(key);
      if (name === undefined) continue;
      if (seen.has(name)) this.#reportDuplicate(key, name, seen.get(name));
      seen.set(name, key);
      map[name] = value ? this.#inside(value, () => this.read(value)) : null;
      if (offset !== undefined) offsets.set(name, offset);
    }
    for (const source of merges) this.#merge(map, offsets, source);
    this.offsets.set(map, offsets);
    return map;
  }

  #inside<T>(node: Node, run: () => T): T {
    this.#open.add(node);
    const value = run();
    this.#open.delete(node);
    return value;
  }

  #readKey(key: Node | null): string | undefined {
    const value = key === null ? null : this.read(key);
    if (typeof value === 'string') return value;
    const written = isScalar(key) ? String(key.source ?? '') : '';
    const next = written === '' ? 'write a name before the colon' : `put it in quotes: "${written}": …`;
    this.#report(key, `a key must be a string, this one is ${keyType(value)}`, next);
    return undefined;
  }

  /** Keys written out win over merged ones wherever they stand; of several sources the first wins. */
  #merge(map: YamlMap, offsets: Map<string | number, number>, source: Node): void {
    const value = this.#inside(source, () => this.read(source));
    const sources = Array.isArray(value) ? value : [value];
    for (const one of sources) {
      if (!isMap(one)) {
        this.#report(source, 'the merge key "<<" wants a mapping or a list of mappings');
        return;
      }
      for (const [name, merged] of Object.entries(one)) {
        if (name in map) continue;
        map[name] = merged;
        const offset = this.offsets.get(one)?.get(name);
        if (offset !== undefined) offsets.set(name, offset);
      }
    }
  }

  #readScalar(node: Scalar): YamlValue {
    const text = String(node.source ?? node.value ?? '');
    const value = this.#resolveScalar(node, text);
    if (typeof value === 'number' && !Number.isFinite(value)) {
      this.#report(node as Node, `${text} is not a number that can be used here`);
      return null;
    }
    return value;
  }

  #resolveScalar(node: Scalar, text: string): YamlValue {
    const plain = node.type === 'PLAIN' || node.type === undefined;
    const tag = node.tag?.replace(/^tag:yaml\.org,2002:/, '!!');
    if (tag === undefined || tag === '!' || (tag === '!!str' && !plain))
      return plain && tag !== '!' ? resolvePlainScalar(text) : text;
    const kinds = scalarTags.get(tag);
    if (tag === '!!binary') return Buffer.from(text, 'base64').toString();
    if (kinds === undefined) return text;
    const value = resolvePlainScalar(text);
    if (tag === '!!float' && typeof value === 'bigint') return Number(value);
    if (!kinds(value)) this.#report(node as Node, `${JSON.stringify(text)} can't be read as ${tag}`);
    return value;
  }

  #report(node: Node | null, message: string, next?: string): void {
    const problem: Problem = { file: this.#file, ...this.#place(node?.range?.[0]), message };
    this.problems.push(next === undefined ? problem : { ...problem, next });
  }

  #reportDuplicate(node: Node, name: string, first: Node | undefined): void {
    const { line } = this.#place(first?.range?.[0]);
    this.#report(node, `the key "${name}" is already there in line ${line}`, 'keep one of the two');
  }
}

const scalarTags = new Map<string, (value: YamlValue) => boolean>([
  ['!!int', (value) => typeof value === 'bigint'],
  ['!!float', (value) => typeof value === 'number'],
  ['!!bool', (value) => typeof value === 'boolean'],
  ['!!null', (value) => value === null],
  ['!!timestamp', (value) => typeof value === 'object' && value !== null],
]);

function isMergeKey(key: Node | null): key is Node {
  return isScalar(key) && key.type === 'PLAIN' && key.source === '<<' && key.tag === undefined;
}

function keyType(value: YamlValue): string {
  if (value === null) return 'empty';
  if (typeof value === 'bigint' || typeof value === 'number') return 'a number';
  return typeof value === 'boolean' ? 'a boolean' : 'neither a string nor a number';
}

function allowedAliasShare(count: number): number {
  if (count <= aliasLimits.lowCount) return 0.99;
  if (count >= aliasLimits.highCount) return 0.1;
  return 0.99 - (0.89 * (count - aliasLimits.lowCount)) / (aliasLimits.highCount - aliasLimits.lowCount);
}

function findOffset(
  root: YamlMap,
  path: ComposePath,
  offsets: WeakMap<object, Map<string | number, number>>,
): { offset: number | undefined; whole: boolean } {
  let value: YamlValue | undefined = root;
  let offset: number | undefined;
  for (const step of path) {
    const container: unknown = value;
    const next: number | undefined =
      typeof container === 'object' && container !== null ? offsets.get(container)?.get(step) : undefined;
    if (next === undefined) return { offset, whole: false };
    offset = next;
    value = (container as Record<string | number, YamlValue>)[step];
  }
  return { offset, whole: true };
}
