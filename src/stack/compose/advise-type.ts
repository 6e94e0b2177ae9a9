/** What to write instead of a value of the wrong type. */
import type { ComposePath } from './compose-document.ts';
import { explainForeignForm } from './foreign-keys.ts';
import type { SchemaNode } from './schema-nodes.ts';
import { printScalar } from './yaml-scalar.ts';
import { isMap, type YamlValue } from './yaml-value.ts';

/** `undefined` where the expected type says it all. */
export function adviseType(value: YamlValue, options: SchemaNode[], path: ComposePath): string | undefined {
  const foreign = explainForeignForm(path, nameForm(value));
  if (foreign !== undefined) return foreign;
  const wants = (kind: SchemaNode['kind']) => options.some((option) => option.kind === kind);
  if (value === null)
    return wants('map') || wants('dictionary') ? 'write {} or remove the key' : 'remove the key';
  if (typeof value === 'object') return undefined;
  const text = printScalar(value);
  if (options.some((option) => option.kind === 'string' && option.format === 'duration'))
    return `add the unit: ${text}s`;
  if (wants('string')) return `put it in quotes: "${text}"`;
  if ((wants('integer') || wants('number')) && /^-?\d+$/.test(text)) return 'take the quotes away';
  if (wants('boolean')) return adviseBoolean(text);
  if (wants('list')) return `write a list: [${JSON.stringify(text)}]`;
  return undefined;
}

function adviseBoolean(text: string): string {
  if (/^(y|yes|true|on|1)$/i.test(text)) return 'write true';
  return /^(n|no|false|off|0)$/i.test(text) ? 'write false' : 'write true or false';
}

function nameForm(value: YamlValue): 'empty' | 'mapping' | 'string' | undefined {
  if (value === null) return 'empty';
  if (isMap(value)) return 'mapping';
  return typeof value === 'string' ? 'string' : undefined;
}
