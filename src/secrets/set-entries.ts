/** Puts values and recipients into the text of a secrets file; comments, order and all else stay as they are. Pure. */
import { isMap, isSeq, type Node, parseDocument, type YAMLSeq } from 'yaml';
import { UserError } from '../errors.ts';
import { normaliseRecipient } from './recipient-text.ts';
import {
  parseSecretsDocument,
  type Recipient,
  type SecretSource,
  type SecretsDocument,
} from './secrets-file.ts';
import { recipientsKey } from './secrets-schema.ts';

/** What can be written in the place of an entry: never how to get a value, only a value. */
export type Written = Extract<SecretSource, { from: 'value' | 'template' | 'age' }>;

/**
 * The text with sources put in the place of entries of these names, or at its end where there is none yet.
 *
 * @throws UserError when something doesn't read back as it was put in, or anything else would have changed.
 */
export function setEntries(text: string, file: string, sources: ReadonlyMap<string, Written>): string {
  const before = parseSecretsDocument(text, file);
  let written = text;
  const present = before.entries.filter((entry) => sources.has(entry.name));
  for (const { name, range } of present.toSorted((a, b) => b.range[0] - a.range[0]))
    written = written.slice(0, range[0]) + renderSource(sources.get(name)!) + written.slice(range[1]);
  const known = new Set(present.map(({ name }) => name));
  for (const [name, source] of sources)
    if (!known.has(name)) written = append(written, `${name}: ${renderSource(source)}`);
  const after = readBack(written, file);
  const wanted = new Map<string, SecretSource>(before.entries.map(({ name, source }) => [name, source]));
  for (const [name, source] of sources) wanted.set(name, source);
  const found = new Map(after.entries.map(({ name, source }) => [name, source]));
  for (const [name, source] of wanted)
    if (JSON.stringify(found.get(name)) !== JSON.stringify(source)) throw refuse(file);
  if (found.size !== wanted.size || !sameRecipients(before.recipients, after.recipients)) throw refuse(file);
  return written;
}

function readBack(written: string, file: string): SecretsDocument {
  try {
    return parseSecretsDocument(written, file);
  } catch {
    // its message would be about a text that nobody has written
    throw refuse(file);
  }
}

function refuse(file: string): UserError {
  return new UserError(
    `${file} is written in a way that nothing can be put into without changing something else`,
    {
      next: 'write each secret on lines of its own, without braces around them all, and end the file with a newline',
    },
  );
}

/** The same for plain values. */
export function replaceEntries(text: string, file: string, values: ReadonlyMap<string, string>): string {
  return setEntries(text, file, new Map([...values].map(([name, text]) => [name, { from: 'value', text }])));
}

function renderSource(source: Written): string {
  if (source.from === 'age')
    return source.holds === 'value'
      ? `{age: ${source.ciphertext}}`
      : `{template: {age: ${source.ciphertext}}}`;
  if (source.from === 'template') return `{template: ${quote(source.text)}}`;
  // the word alone would ask for a random value
  return source.text === 'generate' ? '{value: generate}' : quote(source.text);
}

/** JSON is YAML but for characters that YAML allows in a text only when they are escaped. */
function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function append(text: string, line: string): string {
  const { contents } = parseDocument(text);
  const first = isMap(contents) ? (contents.items[0]?.key as Node | undefined)?.range?.[0] : undefined;
  const indent = first === undefined ? 0 : first - lineStart(text, first);
  const lines = line.split('\n').map((one) => ' '.repeat(indent) + one);
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${lines.join('\n')}\n`;
}

/**
 * The text with one recipient more at the end of the list, which is made where there is none.
 *
 * @throws UserError when it doesn't read back.
 */
export function addRecipient(text: string, file: string, added: Recipient): string {
  const before = parseSecretsDocument(text, file).recipients ?? [];
  const list = findList(text);
  const item = renderRecipient(added);
  const last = list?.items.at(-1) as Node | undefined;
  let written: string;
  if (!list)
    written = append(
      text,
      `\n# Who can decrypt the values: kawanan secrets recipients add|remove\n${recipientsKey}:\n  - ${item}`,
    );
  else if (list.flow || !last?.range) written = rewriteList(text, list, [...before, added]);
  else {
    const end = lineEnd(text, last.range[1]);
    const start = text.slice(lineStart(text, last.range[0]), last.range[0]);
    written = `${text.slice(0, end)}\n${start}${item}${text.slice(end)}`;
  }
  return checkRecipients(text, written, file, [...before, added]);
}

/**
 * The text without one recipient.
 *
 * @throws UserError when it doesn't read back.
 */
export function removeRecipient(text: string, file: string, removed: string): string {
  const before = parseSecretsDocument(text, file).recipients ?? [];
  const isRemoved = (recipient: string): boolean =>
    normaliseRecipient(recipient) === normaliseRecipient(removed);
  const left = before.filter(({ recipient }) => !isRemoved(recipient));
  const list = findList(text)!;
  let written = text;
  if (list.flow) written = rewriteList(text, list, left);
  else
    for (const index of [...before.keys()].reverse()) {
      const range = (list.items[index] as Node).range;
      if (!range || !isRemoved(before[index]!.recipient)) continue;
      written =
        written.slice(0, lineStart(written, range[0])) + written.slice(lineEnd(written, range[1]) + 1);
    }
  return checkRecipients(text, written, file, left);
}

function findList(text: string): YAMLSeq | undefined {
  const { contents } = parseDocument(text, { stringKeys: true });
  const list = isMap(contents) ? contents.get(recipientsKey, true) : undefined;
  return isSeq(list) ? (list as YAMLSeq) : undefined;
}

function renderRecipient({ recipient, name }: Recipient): string {
  return name === undefined ? recipient : `${recipient} # ${name}`;
}

/** A list between brackets has no room for comments. */
function rewriteList(text: string, list: YAMLSeq, recipients: Recipient[]): string {
  const [start, end] = list.range!;
  const items = recipients.map(({ recipient }) => recipient).join(', ');
  return `${text.slice(0, start)}[${items}]${text.slice(end)}`;
}

function checkRecipients(before: string, after: string, file: string, wanted: Recipient[]): string {
  const [old, read] = [parseSecretsDocument(before, file), readBack(after, file)];
  const sources = (entries: { name: string; source: SecretSource }[]): string =>
    JSON.stringify(entries.map(({ name, source }) => [name, source]));
  if (!sameRecipients(read.recipients, wanted) || sources(old.entries) !== sources(read.entries))
    throw refuse(file);
  return after;
}

function sameRecipients(a: Recipient[] = [], b: Recipient[] = []): boolean {
  const plain = (list: Recipient[]): string => JSON.stringify(list.map(({ recipient }) => recipient));
  return plain(a) === plain(b);
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  return end < 0 ? text.length : end;
}
