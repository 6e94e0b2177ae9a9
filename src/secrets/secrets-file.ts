/** A secrets file as text: what each entry says, where it stands, and how values are put into it. Pure. */
import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { InputError, type Place, type Problem } from '../errors.ts';
import { suggestWord } from '../input/nearest-word.ts';
import { checkInput } from '../input/schema-problems.ts';
import { readYaml } from '../input/yaml-input.ts';
import {
  type Charset,
  damagedMessage,
  recipientsKey,
  recipientsSchema,
  secretsFileSchema,
  sourceKeys,
} from './secrets-schema.ts';

type Node = Alias | Scalar | YAMLMap | YAMLSeq;

/** Where the value of a secret comes from. `value` and `template` are still the secret itself: never print one. */
export type SecretSource =
  | { from: 'value'; text: string }
  /** Encrypted: base64 of an age file, with the value in it or the text of a template. */
  | { from: 'age'; ciphertext: string; holds: 'value' | 'template' }
  | { from: 'generate'; length: number; charset: Charset; certificate?: CertificateWish }
  | { from: 'file'; path: string }
  | { from: 'env'; name: string }
  | { from: 'command'; argv: string[] }
  | { from: 'template'; text: string };

/** What a self-signed certificate is made for. */
export interface CertificateWish {
  /** Host names and IPv4 addresses. */
  names: string[];
  days: number;
}

export interface SecretEntry {
  name: string;
  source: SecretSource;
  place: Place;
  /** Offsets of the entry's value in the text. */
  range: [start: number, end: number];
}

/** Someone who can decrypt the values. */
export interface Recipient {
  recipient: string;
  /** The comment behind it: whose it is. */
  name?: string;
}

/** All of a secrets file. */
export interface SecretsDocument {
  entries: SecretEntry[];
  /** Absent where the file has no list; its values are in plain text then. */
  recipients?: Recipient[];
}

/** The entries of a secrets file; throws as `parseSecretsDocument` does. */
export function parseSecretsFile(text: string, file: string): SecretEntry[] {
  return parseSecretsDocument(text, file).entries;
}

/**
 * Reads the text of a secrets file.
 *
 * @throws InputError with every problem; no message holds anything that could be a value.
 */
export function parseSecretsDocument(text: string, file: string): SecretsDocument {
  const { raw, locate, problems } = readYaml(text, file);
  if (problems.length > 0) throw new InputError(problems.map(hideSyntax));
  if (raw === null || raw === undefined) return { entries: [] };
  const { list, rest } = splitRecipients(raw);
  const checked = checkInput(rest, secretsFileSchema, { file, locate });
  const at = [recipientsKey];
  const recipients = checkInput(list ?? [], recipientsSchema, { file, locate, at });
  if (checked.value === undefined || recipients.value === undefined)
    throw new InputError([...checked.problems, ...recipients.problems].map(hideValues));
  const entries: SecretEntry[] = [];
  const wrong: Problem[] = [];
  // the schema has said that it is a mapping whose keys are plain text
  const { contents } = parseDocument(text, { merge: true, stringKeys: true });
  let named: Recipient[] | undefined;
  for (const pair of isMap(contents) ? contents.items : []) {
    const name = String((pair.key as Scalar).value);
    const node = pair.value as Node;
    if (list && name === recipientsKey) {
      named = recipients.value.map((recipient, index) => {
        const end = isSeq(node) && !node.flow ? (node.items[index] as Node).range?.[1] : undefined;
        const comment = end === undefined ? undefined : /^\s+# *(.*)/.exec(readLine(text, end))?.[1]?.trim();
        return { recipient, ...(comment && { name: comment }) };
      });
      continue;
    }
    const place: Place = { file, ...locate([name]), path: name };
    const problem = checkEntry(name, node, checked.value[name]);
    if (problem || !node.range) {
      wrong.push({ ...place, ...problem, message: problem?.message ?? 'this entry has no place' });
      continue;
    }
    entries.push({
      name,
      source: readSource(node, checked.value[name]),
      place,
      range: trimRange(text, node.range),
    });
  }
  if (wrong.length > 0) throw new InputError(wrong);
  return { entries, ...(named && { recipients: named }) };
}

/** The rest of a line. */
function readLine(text: string, offset: number): string {
  const end = text.indexOf('\n', offset);
  return text.slice(offset, end < 0 ? text.length : end);
}

/** A list is never a secret: today's files mean what they meant. */
function splitRecipients(raw: unknown): { list?: unknown[]; rest: unknown } {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return { rest: raw };
  const { [recipientsKey]: list, ...rest } = raw as Record<string, unknown>;
  return Array.isArray(list) ? { list, rest } : { rest: raw };
}

/** For problems whose message says what is wanted, and not how that is written. */
const whereToLook = 'docs/secrets.md tells what may stand here, secrets.example shows it';

const howToReplace =
  'take the line from a copy of the file, or remove the entry and give it a new value: kawanan secrets set NAME';

/** What the schema can't say. */
function checkEntry(
  name: string,
  node: Node,
  raw: RawEntry | undefined,
): { message: string; next?: string } | undefined {
  const markup = name === '<<' ? 'a merge' : findMarkup(node);
  if (markup !== undefined) {
    const next = "a value that begins so is put between single quotes: '…'";
    return { message: `YAML takes this for ${markup}`, next };
  }
  if (typeof raw !== 'object') return undefined;
  const used = sourceKeys.filter(
    (key) => raw[key] !== undefined && (key !== 'generate' || raw[key] !== false),
  );
  if (used.length === 1) return undefined;
  return { message: `exactly one of ${sourceKeys.join(', ')} is wanted here`, next: whereToLook };
}

/** What YAML would cut off from a value without a word; and an alias is no place to write a value to. */
function findMarkup(node: Node): string | undefined {
  if (isAlias(node)) return 'an alias (*)';
  if (node.anchor !== undefined) return 'an anchor (&)';
  if (node.tag !== undefined) return 'a tag (!)';
  const children = isMap(node) ? node.items.map((item) => item.value as Node | null) : [];
  return children.flatMap((child) => (child && findMarkup(child)) ?? []).at(0);
}

type RawEntry = (typeof secretsFileSchema)['_output'][string];

const generatedLength = 32;
const certificateDays = 365;

function readSource(node: Node, raw: RawEntry | undefined): SecretSource {
  if (typeof raw !== 'object') {
    const text = readScalarText(node);
    return text === 'generate'
      ? { from: 'generate', length: generatedLength, charset: 'alphanumeric' }
      : { from: 'value', text };
  }
  if (raw.value !== undefined) return { from: 'value', text: readScalarText(findChild(node, 'value')) };
  if (raw.generate !== undefined) {
    const {
      length = generatedLength,
      charset = 'alphanumeric',
      certificate,
    } = typeof raw.generate === 'object' ? raw.generate : {};
    const { names = [], days = certificateDays } = certificate ?? {};
    return { from: 'generate', length, charset, ...(certificate && { certificate: { names, days } }) };
  }
  if (raw.file !== undefined) return { from: 'file', path: raw.file };
  if (raw.env !== undefined) return { from: 'env', name: raw.env };
  if (raw.command !== undefined) return { from: 'command', argv: raw.command };
  if (raw.age !== undefined) return { from: 'age', ciphertext: raw.age, holds: 'value' };
  return typeof raw.template === 'object'
    ? { from: 'age', ciphertext: raw.template.age, holds: 'template' }
    : { from: 'template', text: raw.template! };
}

/** A plain scalar just as it is written, so that 0123, 1e3 and yes stay what the user typed. */
function readScalarText(node: Node | undefined): string {
  if (!isScalar(node)) return '';
  return node.type === 'PLAIN' ? (node.source ?? String(node.value)) : String(node.value);
}

function findChild(node: Node, key: string): Node | undefined {
  if (!isMap(node)) return undefined;
  return node.items.find((item) => isScalar(item.key) && item.key.value === key)?.value as Node | undefined;
}

/** The range of a mapping in block style ends after the line's end. */
function trimRange(text: string, [start, end]: readonly [number, number, number?]): [number, number] {
  return [start, start + text.slice(start, end).trimEnd().length];
}

/** YAML's own messages quote what they stumble over, which may be half a password. */
function hideSyntax(problem: Problem): Problem {
  if (/^(a tab at|the key |a second (": "|document)|the lines after)/.test(problem.message)) return problem;
  const { file, line, column } = problem;
  return {
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line }),
    ...(column !== undefined && { column }),
    message: 'this is not YAML',
    next: "put a value with special characters between single quotes: 'like @this'",
  };
}

const knownKeys = [
  'value',
  'age',
  'generate',
  'length',
  'charset',
  'certificate',
  'names',
  'days',
  'file',
  'env',
  'command',
  'template',
];

/** The same problem without what is written there. */
function hideValues(problem: Problem): Problem {
  const unknown = /^unknown key "(.*)"$/s.exec(problem.message)?.[1];
  if (unknown !== undefined) {
    const suggestion = suggestWord(unknown, knownKeys);
    // what is no slip of the pen may be a value that got between braces
    if (suggestion.startsWith('did you mean')) return { ...problem, next: suggestion };
    const path = problem.path?.slice(0, -unknown.length - 1);
    return { ...problem, ...(path !== undefined && { path }), message: 'an unknown key', next: suggestion };
  }
  return {
    next: problem.message === damagedMessage ? howToReplace : whereToLook,
    ...problem,
    message: problem.message
      .replace(/, not ("|-?[\d.]|true$|false$).*$/s, ', not what is written here')
      .replace(/^("|-?[\d.]|true |false ).* is not one of /s, 'what is written here is not one of '),
    ...(problem.next?.startsWith('put it in quotes') && { next: 'put it in quotes' }),
  };
}
