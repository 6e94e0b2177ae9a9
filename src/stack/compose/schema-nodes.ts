/** The vocabulary in which the compose format is written down: what may stand where, and since which version. */

export interface Field {
  schema: SchemaNode;
  /** Minor version of the first 3.x format that has the key. */
  since: number;
}

export type TextFormat = 'duration' | 'ports';

export type SchemaNode =
  | { kind: 'string'; format?: TextFormat; oneOf?: string[] }
  | { kind: 'integer'; minimum?: number }
  | { kind: 'number'; format?: TextFormat }
  | { kind: 'boolean' }
  | { kind: 'null' }
  | { kind: 'any' }
  | { kind: 'list'; items: SchemaNode; unique: boolean }
  /** A mapping with known keys; others are let through since one minor version, `x-` keys since another. */
  | {
      kind: 'map';
      fields: Record<string, Field>;
      openSince?: number;
      extrasSince?: number;
      required?: string[];
    }
  /** A mapping whose keys the user chooses. */
  | { kind: 'dictionary'; values: SchemaNode; keys?: RegExp; keyRule?: string }
  /** The alternatives differ in type, so that the value's type picks one. */
  | { kind: 'either'; options: SchemaNode[] };

export const string: SchemaNode = { kind: 'string' };
export const duration: SchemaNode = { kind: 'string', format: 'duration' };
export const integer: SchemaNode = { kind: 'integer' };
export const number: SchemaNode = { kind: 'number' };
export const boolean: SchemaNode = { kind: 'boolean' };
export const nothing: SchemaNode = { kind: 'null' };
export const anything: SchemaNode = { kind: 'any' };

export const either = (...options: SchemaNode[]): SchemaNode => ({ kind: 'either', options });
export const list = (items: SchemaNode): SchemaNode => ({ kind: 'list', items, unique: false });
export const uniqueList = (items: SchemaNode): SchemaNode => ({ kind: 'list', items, unique: true });
export const dictionary = (values: SchemaNode): SchemaNode => ({ kind: 'dictionary', values });

export const textOrNumber = either(string, number);
export const textNumberOrNull = either(string, number, nothing);
export const strings = uniqueList(string);
export const stringOrList = either(string, strings);
export const command = either(string, list(string));
export const listOrDictionary = either(dictionary(textNumberOrNull), strings);

type FieldSource = SchemaNode | [since: number, SchemaNode];

/** Fields of a mapping; a pair says since which minor version the key exists. */
export function fields(source: Record<string, FieldSource>): Record<string, Field> {
  return Object.fromEntries(
    Object.entries(source).map(([key, one]) => [
      key,
      Array.isArray(one) ? { since: one[0], schema: one[1] } : { since: 0, schema: one },
    ]),
  );
}

export const map = (source: Record<string, FieldSource>): SchemaNode & { kind: 'map' } => ({
  kind: 'map',
  fields: fields(source),
});

/** The same mapping, with any other key let through. */
export const open = (node: SchemaNode & { kind: 'map' }): SchemaNode => ({ ...node, openSince: 0 });

/** What an object of a compose file may be called. */
export const objectName = { keys: /^[a-zA-Z0-9._-]+$/, keyRule: 'letters, digits, ".", "_" and "-"' };
