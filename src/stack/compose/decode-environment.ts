/** The environment of a service: from its files and from what it writes itself. */
import path from 'node:path';
import type { ComposePath } from './compose-document.ts';
import { newRecord } from './compose-types.ts';
import type { DecodeContext } from './decode-context.ts';
import { readOptionalTexts, readStrings } from './decode-values.ts';
import { parseEnvFile } from './parse-env-file.ts';
import type { YamlMap } from './yaml-value.ts';

/** Later files and `environment` win; a variable without a value takes it from our own environment. */
export function decodeEnvironment(
  source: YamlMap,
  at: ComposePath,
  context: DecodeContext,
): Record<string, string | null> {
  const environment = newRecord<string | null>();
  const fromFiles = newRecord<string | null>();
  for (const [index, file] of (readStrings(source.env_file) ?? []).entries())
    readEnvFile(
      file,
      [...at, 'env_file', ...(Array.isArray(source.env_file) ? [index] : [])],
      context,
      fromFiles,
    );
  for (const entries of [fromFiles, readOptionalTexts(source.environment) ?? {}])
    for (const [key, value] of Object.entries(entries)) {
      const own = Object.hasOwn(context.variables, key) ? context.variables[key] : undefined;
      environment[key] = value === null || value === '' ? (own ?? value) : value;
    }
  return environment;
}

function readEnvFile(
  file: string,
  at: ComposePath,
  context: DecodeContext,
  variables: Record<string, string | null>,
): void {
  const full = path.resolve(context.folder, file);
  const read = context.readFile(full);
  if ('failure' in read) {
    context.report.problem(at, `can't read the environment file ${full}: ${read.failure}`);
    return;
  }
  const parsed = parseEnvFile(read.content);
  for (const { line, message } of parsed.problems) context.report.problem(at, `${full}:${line}: ${message}`);
  for (const [key, value] of parsed.variables) {
    const own = Object.hasOwn(context.variables, key) ? context.variables[key] : undefined;
    // a bare name that we don't have either sets nothing
    if (value !== null || own !== undefined) variables[key] = value ?? own ?? null;
  }
}
