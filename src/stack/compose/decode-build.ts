import type { ComposeBuild } from './compose-types.ts';
import type { DecodeContext } from './decode-context.ts';
import { readMap, readOptionalTexts, readText } from './decode-values.ts';
import type { YamlValue } from './yaml-value.ts';

/** The `build` of a service; an argument without a value takes it from our environment. */
export function decodeBuild(
  value: YamlValue | undefined,
  { variables }: DecodeContext,
): ComposeBuild | undefined {
  if (value === undefined) return undefined;
  const source = readMap(value) ?? { context: value };
  const args = readOptionalTexts(source.args) ?? {};
  for (const key of Object.keys(args))
    if (args[key] === null && Object.hasOwn(variables, key)) args[key] = variables[key] ?? null;
  return {
    context: readText(source.context) || '.',
    dockerfile: readText(source.dockerfile) || 'Dockerfile',
    args,
    target: readText(source.target),
  };
}
