/** Turns the nodes of a YAML document into values: aliases, merge keys, duplicate keys, tags and limits. */
import {
  type Document,
  isAlias,
  isMap as isMapNode,
  isPair,
  isScalar,
  type Node,
  type Scalar,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { InputError, type Problem } from '../../errors.ts';
import {
  findTabAfterDash,
  findTabInBlock,
  findTightColon,
  findWrongAnchor,
  findWrongBase64,
  findWrongEscapes,
  findWrongStart,
  type TextProblem,
} from './check-yaml-text.ts';
import type { Offsets, Position } from './compose-document.ts';
import { resolvePlainScalar } from './yaml-scalar.ts';
import { isMap, newMap, type YamlMap, type YamlValue } from './yaml-value.ts';

/** The YAML library recurses: what is nested too deep for the stack is too deep for anyone. */
export function guardDepth<T>(run: () => T, file: string): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw tooDeep(file);
  }
}

export function tooDeep(file: string): InputError {
  return new InputError({ file, message: 'the file is nested too deeply to be read' });
}

/** What the file may cost by its aliases, as go-yaml limits it: the share of nodes that come from aliases. */
const aliasLimits = { freeNodes: 1000, freeAliased: 100, lowCount: 400_000, highCount: 4_000_000 };

export class NodeReader {
  readonly problems: Problem[] = [];
  /** Where the keys of each mapping and the items of each list stand. */
  readonly offsets: Offsets = new WeakMap();
  readonly #file: string;
  readonly #text: string;
  readonly #place: (offset: number | undefined) => Position;
  readonly #targets = new Map<Node, Node | undefined>();
  readonly #open = new Set<Node>();
  #count = 0;
  #aliased = 0;
  #aliasDepth = 0;
  /** How many brackets and braces are open. */
  #flows = 0;

  constructor(
    document: Document.Parsed | undefined,
    file: string,
    text: string,
    place: (offset: number | undefined) => Position,
  ) {
    this.#file = file;
    this.#text = text;
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
    const at = node.range?.[0] ?? 0;
    if (node.anchor) this.#reportText(findWrongAnchor(node.anchor, '&', at));
    if (isAlias(node)) {
      this.#reportText(findWrongAnchor(node.source, '*', at));
      return this.#readAlias(node);
    }
    if (isScalar(node)) return this.#readScalar(node);
    // What is tagged as an ordered mapping: to go-yaml a list of mappings.
    if (isPair(node)) return this.#readMap({ items: [node] } as unknown as YAMLMap<Node, Node | null>);
    const flow = (node as YAMLMap | YAMLSeq).flow === true;
    if (flow) this.#flows++;
    const value = isMapNode(node)
      ? this.#readMap(node as YAMLMap<Node, Node | null>)
      : this.#readList((node as YAMLSeq).items as Node[], flow);
    if (flow) this.#flows--;
    return value;
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

  #readList(items: Node[], flow: boolean): YamlValue[] {
    const list: YamlValue[] = [];
    const offsets = new Map<number, number>();
    for (const [index, item] of items.entries()) {
      offsets.set(index, item.range?.[0] ?? 0);
      if (!flow && item.range) this.#reportText(findTabAfterDash(this.#text, item.range[0]));
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
      if (this.#flows > 0) this.#reportText(findTightColon(this.#text, key));
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

  /** What our library takes and go-yaml doesn't. */
  #checkScalar(node: Scalar, text: string): void {
    const [start, end] = node.range ?? [0, 0];
    if (node.type === 'QUOTE_DOUBLE') this.#reportText(findWrongEscapes(this.#text, start, end));
    if (node.type?.startsWith('BLOCK')) this.#reportText(findTabInBlock(this.#text, start, end));
    if (node.type === 'PLAIN' && this.#flows > 0) this.#reportText(findWrongStart(this.#text, start));
    if (node.tag === 'tag:yaml.org,2002:binary') this.#reportText(findWrongBase64(text, start));
  }

  #readScalar(node: Scalar): YamlValue {
    const text = String(node.source ?? node.value ?? '');
    this.#checkScalar(node, text);
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
      return plain ? resolvePlainScalar(text) : text;
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

  #reportText(found: TextProblem[]): void {
    for (const { at, ...problem } of found)
      this.problems.push({ file: this.#file, ...this.#place(at), ...problem });
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
  if (!isScalar(key) || key.type !== 'PLAIN' || key.source !== '<<') return false;
  return key.tag === undefined || key.tag === 'tag:yaml.org,2002:merge';
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
