import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Range,
  visit,
  type YAMLError,
} from 'yaml';
import type { ZodType } from 'zod';
import { InputError, type Problem } from '../errors.ts';
import { checkInput, type InputPath, type Locate } from './schema-problems.ts';

/** A YAML text as read: plain data, or the syntax errors that kept it from being read. */
export interface YamlDocument {
  /** `undefined` when there are problems; `null` for an empty document. */
  raw: unknown;
  /** Position of the value (or its key) at a path, 1-based; of the nearest place around it when it isn't written itself. */
  locate: Locate;
  problems: Problem[];
}

/** Reads YAML 1.2 text (anchors and `<<` allowed) without any idea of what it should hold. Never throws. */
export function readYaml(text: string, file: string): YamlDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    stringKeys: true,
    uniqueKeys: true,
  });
  const position = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const locate: Locate = (path, part = 'value') => {
    const offset = findOffset(document.contents, path, part);
    return offset === undefined ? {} : position(offset);
  };
  const problems = [
    ...(document.errors.length > 0 ? findTabs(text).map((tab) => ({ file, ...tab })) : []),
    ...document.errors.map((error) => ({
      file,
      ...position(error.pos[0]),
      ...explainSyntaxError(error, text),
    })),
  ];
  // One slip of the pen makes several errors around one place; a tab explains all that follows.
  const tabs = problems.filter((one) => one.message === tabMessage);
  const first =
    tabs.length > 0
      ? tabs
      : problems.filter((one, index) => problems.findIndex((other) => other.line === one.line) === index);
  if (first.length > 0) return { raw: undefined, locate, problems: first };
  try {
    return { raw: document.toJS(), locate, problems: [] };
  } catch (error) {
    const { range, ...problem } = explainAliases(document) ?? {
      range: undefined,
      message: (error as Error).message,
    };
    return { raw: undefined, locate, problems: [{ file, ...(range && position(range[0])), ...problem }] };
  }
}

/** What keeps a document from becoming plain data although its syntax is right: `*name` of nothing, or far too many. */
function explainAliases(
  document: Document,
): { range: Range | null | undefined; message: string; next?: string } | undefined {
  const aliases: Alias[] = [];
  visit(document, { Alias: (_, alias) => void aliases.push(alias) });
  const lost = aliases.find((alias) => alias.resolve(document) === undefined);
  if (lost)
    return {
      range: lost.range,
      message: `there is no anchor &${lost.source} above this alias`,
      next: `put the text in quotes where none is meant: "*${lost.source}"`,
    };
  const last = aliases.at(-1);
  return (
    last && {
      range: last.range,
      message: 'the file grows out of bounds by its aliases (*name)',
      next: 'write the repeated part out, or nest fewer aliases',
    }
  );
}

/**
 * Reads and checks a whole YAML file. `locate` gives the places for rules that the schema can't say.
 *
 * @throws InputError with every problem found, each with file, line, column and path.
 */
export function parseYamlInput<T>(
  text: string,
  file: string,
  schema: ZodType<T>,
): { value: T; locate: Locate } {
  const { raw, locate, problems } = readYaml(text, file);
  if (problems.length > 0) throw new InputError(problems);
  const checked = checkInput(raw, schema, { file, locate });
  if (checked.value === undefined) throw new InputError(checked.problems);
  return { value: checked.value, locate };
}

function findOffset(root: Node | null, path: InputPath, part: 'key' | 'value'): number | undefined {
  let node = root;
  let offset = root?.range?.[0];
  for (const [index, step] of path.entries()) {
    const last = index === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step)) as
        | Pair<Node, Node | null>
        | undefined;
      if (!pair) return offset;
      const key = pair.key.range?.[0];
      // an empty value has no place worth pointing at; its key has
      const empty = !pair.value || (isScalar(pair.value) && pair.value.value === null);
      offset = (last && part === 'key') || empty ? key : (pair.value?.range?.[0] ?? key);
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(step)] as Node | undefined;
      if (!item) return offset;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else return offset;
    if (isAlias(node)) return offset;
  }
  return offset;
}

const tabMessage = 'a tab at the start of a line';

function findTabs(text: string): { line: number; column: number; message: string; next: string }[] {
  return text.split('\n').flatMap((line, index) => {
    const column = /^ *\t\s*[^\s#]/.test(line) ? line.indexOf('\t') + 1 : 0;
    if (column === 0) return [];
    const next = 'YAML is indented with spaces: replace the tab';
    return [{ line: index + 1, column, message: tabMessage, next }];
  });
}

function explainSyntaxError(error: YAMLError, text: string): { message: string; next?: string } {
  const line = text.slice(text.lastIndexOf('\n', error.pos[0] - 1) + 1).split('\n', 1)[0] ?? '';
  switch (error.code) {
    case 'DUPLICATE_KEY': {
      const key = /^[^:\s]+/.exec(text.slice(error.pos[0]))?.[0] ?? '';
      return {
        message: `the key ${JSON.stringify(key)} stands here a second time`,
        next: 'keep one of the two',
      };
    }
    case 'BLOCK_AS_IMPLICIT_KEY':
      return /:\s.*:(\s|$)/.test(line)
        ? { message: 'a second ": " in one line', next: 'put the value in quotes, or start a new line' }
        : {
            message: 'the lines after this one are indented too deep',
            next: 'line them up with their neighbours',
          };
    case 'BAD_INDENT':
      return {
        message: `not YAML: ${error.message}`,
        next: 'check the indentation and that each bracket is closed',
      };
    case 'MULTIPLE_DOCS':
      return { message: 'a second document starts here ("---")', next: 'keep one document in the file' };
    default:
      return /call stack/.test(error.message)
        ? { message: 'the file is nested too deeply to be read' }
        : { message: `not YAML: ${error.message}` };
  }
}
