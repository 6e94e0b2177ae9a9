/**
 * What the YAML library takes and go-yaml, which reads YAML 1.1, doesn't: found in the text of a node. Pure. Source:
 * YAML 1.1, chapters 5.6 and 8.2, and what the real command says of such files.
 */
import { isScalar, type Node } from 'yaml';

export interface TextProblem {
  /** Offset in the whole text. */
  at: number;
  message: string;
  next: string;
}

/** Escapes in double quotes: of a slash, and of half a pair of surrogates. */
export function findWrongEscapes(text: string, start: number, end: number): TextProblem[] {
  return [...text.slice(start, end).matchAll(/\\(u[0-9a-f]{4}|.)/gis)].flatMap(({ 0: written, index }) => {
    const slash = written === '\\/';
    if (!slash && !/^\\ud[89a-f]/i.test(written)) return [];
    const next = slash ? 'write the slash alone' : 'write the letter itself, or \\U with eight digits';
    return [{ at: start + index, message: `the escape ${written} is none in YAML 1.1`, next }];
  });
}

/** A tab among the blanks that a block of text (`|`, `>`) is indented by. */
export function findTabInBlock(text: string, start: number, end: number): TextProblem[] {
  const [header = '', ...lines] = text.slice(start, end).split('\n');
  // With an indentation that is written out, what lies deeper is text.
  if (/[1-9]/.test(header)) return [];
  let at = start + header.length + 1;
  let indent: number | undefined;
  for (const line of lines) {
    const blanks = /^ */.exec(line)![0].length;
    if (line[blanks] === '\t' && (indent === undefined || blanks < indent))
      return [{ at: at + blanks, ...tabProblem }];
    if (line.trim() !== '') indent ??= blanks;
    at += line.length + 1;
  }
  return [];
}

/** A tab between the dash of a list and its item. */
export function findTabAfterDash(text: string, itemStart: number): TextProblem[] {
  const before = /-([ \t]*)$/.exec(text.slice(text.lastIndexOf('\n', itemStart - 1) + 1, itemStart));
  return before?.[1]?.includes('\t') ? [{ at: itemStart - 1, ...tabProblem }] : [];
}

/** In brackets and braces, `?` and `:` begin no word. */
export function findWrongStart(text: string, start: number): TextProblem[] {
  const mark = text[start];
  if (mark !== '?' && mark !== ':') return [];
  return [{ at: start, message: `a text in brackets can't begin with "${mark}"`, next: 'put it in quotes' }];
}

/** In brackets and braces a colon ends a key only with a blank behind it: to go-yaml, `{A:}` has the key `A:`. */
export function findTightColon(text: string, key: Node | null): TextProblem[] {
  if (!isScalar(key) || key.type !== 'PLAIN' || !key.range) return [];
  const keyEnd = key.range[1];
  if (text[keyEnd] !== ':' || !/[\]},]/.test(text[keyEnd + 1] ?? '')) return [];
  return [
    { at: keyEnd, message: 'in brackets a colon needs a blank behind it', next: 'write a blank, or ""' },
  ];
}

/** Bytes of `!!binary`; blanks are none of base64. */
export function findWrongBase64(value: string, start: number): TextProblem[] {
  const digits = value.replaceAll(/[\r\n]/g, '');
  if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(digits)) return [];
  return [{ at: start, message: 'this is not base64', next: 'write the text itself, without !!binary' }];
}

/** Names of anchors and aliases: `what` is the sign before them. */
export function findWrongAnchor(name: string, sign: string, start: number): TextProblem[] {
  if (/^[\w-]+$/.test(name)) return [];
  const next = 'name it with letters from a to z, digits, - and _';
  return [{ at: start, message: `${sign}${name} is no name for an anchor in YAML 1.1`, next }];
}

/** Lines that begin with `%` before the document: there are two, and `%YAML` knows one version. */
export function findWrongDirectives(text: string): TextProblem[] {
  const head = /^(?:[ \t]*(?:#.*)?\n|%.*\n)*/.exec(text)![0];
  let versions = 0;
  return [...head.matchAll(/^%.*$/gm)].flatMap(({ 0: line, index }) => {
    const right = /^%TAG[ \t]/.test(line) || (/^%YAML[ \t]+1\.1[ \t]*(#.*)?$/.test(line) && versions++ === 0);
    if (right) return [];
    return [{ at: index, message: `the line ${line} can't be used here`, next: 'leave it out' }];
  });
}

const tabProblem = { message: 'a tab where YAML wants spaces', next: 'indent with spaces' };
