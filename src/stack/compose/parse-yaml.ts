/**
 * YAML text to values with places. Tags, merge keys, duplicate keys and limits follow what `docker stack deploy`
 * accepts; anything it would refuse is a problem with a line here.
 */
import { Composer, type Document, LineCounter, type Node, Parser } from 'yaml';
import { InputError } from '../../errors.ts';
import { findWrongDirectives } from './check-yaml-text.ts';
import { type ComposeDocument, type ComposePath, findOffset, type Position } from './compose-document.ts';
import { guardDepth, NodeReader, tooDeep } from './read-yaml-nodes.ts';
import { isMap } from './yaml-value.ts';

/** Reads the first document of a YAML text. @throws InputError with every problem of syntax. */
export function parseComposeYaml(text: string, file: string): ComposeDocument {
  const { document, place, read } = composeIndented(text, file);
  if (document?.errors.some((error) => /call stack/i.test(error.message))) throw tooDeep(file);
  if (document && document.errors.length > 0)
    throw new InputError(
      document.errors
        .filter((error, index, all) => all.findIndex((other) => other.pos[0] === error.pos[0]) === index)
        .map((error) => ({ file, ...place(error.pos[0]), ...explainSyntax(error.code, error.message) })),
    );
  const directives = findWrongDirectives(read);
  if (directives.length > 0)
    throw new InputError(directives.map(({ at, ...problem }) => ({ file, ...place(at), ...problem })));
  const reader = new NodeReader(document, file, read, place);
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

interface Composed {
  document: Document.Parsed | undefined;
  /** Of an offset in `read`: where that is in the text as it was given. */
  place: (offset: number | undefined) => Position;
  /** What was read. */
  read: string;
}

/** Lines that are too far to the left are mended one by one, and each time all is read again: more letters than this aren't. */
const mostRead = 4_000_000;

/**
 * Brackets, braces and quotes may go on at any column in go-yaml; our library wants them indented. Their blanks mean
 * nothing, so such lines are moved to the right until it reads them, or the first reading's problems stand.
 */
function composeIndented(text: string, file: string): Composed {
  const moved = new Map<number, number>();
  let read = text;
  let first: Composed | undefined;
  let lettersRead = 0;
  for (;;) {
    const lines = new LineCounter();
    const document = composeFirst(read, lines, file);
    lettersRead += read.length;
    const place = (offset: number | undefined): Position => {
      if (offset === undefined) return {};
      const { line, col } = lines.linePos(offset);
      return { line, column: Math.max(1, col - (moved.get(line) ?? 0)) };
    };
    const composed = { document, place, read };
    const start = findLineToMove(document, read);
    if (document === undefined || document.errors.length === 0) return composed;
    first ??= { ...composed, place: (offset) => offsetPlace(lines, offset) };
    if (start === undefined || lettersRead > mostRead) return first;
    const { line } = lines.linePos(start);
    if (moved.has(line)) return first;
    const blanks = ' '.repeat(movedBy);
    moved.set(line, blanks.length);
    read = read.slice(0, start) + blanks + read.slice(start);
  }
}

/** Deeper than anybody indents. */
const movedBy = 64;

function offsetPlace(lines: LineCounter, offset: number | undefined): Position {
  if (offset === undefined) return {};
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

/** Where the line begins that our library takes for the end of what is open; `undefined` where it complains of something else. */
function findLineToMove(document: Document.Parsed | undefined, text: string): number | undefined {
  const error = document?.errors.toSorted((a, b) => a.pos[0] - b.pos[0])[0];
  if (error?.code === 'BAD_INDENT' && error.message.startsWith('Flow'))
    return text.lastIndexOf('\n', error.pos[0] - 1) + 1;
  if (error?.code === 'MISSING_CHAR' && /^Missing closing ["']quote/.test(error.message)) {
    const end = text.indexOf('\n', error.pos[0]);
    return end < 0 || end + 1 >= text.length ? undefined : end + 1;
  }
  return undefined;
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

function explainSyntax(code: string, message: string): { message: string; next?: string } {
  const text = `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
  if (code === 'TAB_AS_INDENT')
    return { message: 'a tab where YAML wants spaces', next: 'indent with spaces' };
  return { message: text };
}
