/**
 * YAML text to values with places. Tags, merge keys, duplicate keys and limits follow what `docker stack deploy`
 * accepts; anything it would refuse is a problem with a line here.
 */
import { Composer, type Document, LineCounter, type Node, Parser } from 'yaml';
import { InputError } from '../../errors.ts';
import { type ComposeDocument, type ComposePath, findOffset, type Position } from './compose-document.ts';
import { guardDepth, NodeReader, tooDeep } from './read-yaml-nodes.ts';
import { isMap } from './yaml-value.ts';

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
  const reader = new NodeReader(document, file, place);
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

function explainSyntax(code: string, message: string): { message: string; next?: string } {
  const text = `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
  if (code === 'TAB_AS_INDENT')
    return { message: 'a tab where YAML wants spaces', next: 'indent with spaces' };
  return { message: text };
}
