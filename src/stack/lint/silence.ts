/** `x-lint`: which lints a compose file silences, of one service or of the whole stack. Pure. */
import { suggestWord } from '../../input/nearest-word.ts';
import type { ComposeDocument, ComposePath } from '../compose/compose-document.ts';
import type { Report } from '../compose/report.ts';
import { isMap, type YamlMap, type YamlValue } from '../compose/yaml-value.ts';
import { type Lint, lintCodes } from './lint.ts';

export interface Silences {
  everywhere: Set<string>;
  /** By the key of the service. */
  services: Map<string, Set<string>>;
}

/** Reads every `x-lint: {ignore: [CODE, …]}` of the files, each file adding to the others. Reports what is none. */
export function readSilences(
  files: { root: YamlMap; document: ComposeDocument }[],
  report: Report,
): Silences {
  const silences: Silences = { everywhere: new Set(), services: new Map() };
  for (const { root } of files) {
    addCodes(root['x-lint'], ['x-lint'], silences.everywhere, report);
    for (const [name, service] of Object.entries(isMap(root.services) ? root.services : {})) {
      if (!isMap(service) || service['x-lint'] === undefined) continue;
      const codes = silences.services.get(name) ?? new Set();
      silences.services.set(name, codes);
      addCodes(service['x-lint'], ['services', name, 'x-lint'], codes, report);
    }
  }
  return silences;
}

/** Whether nothing silences the lint. */
export function isHeard(
  { code, path }: Pick<Lint, 'code' | 'path'>,
  silences: Silences | undefined,
): boolean {
  if (!silences) return true;
  const { everywhere, services } = silences;
  if (everywhere.has(code)) return false;
  return path[0] !== 'services' || !services.get(String(path[1]))?.has(code);
}

function addCodes(value: YamlValue | undefined, path: ComposePath, codes: Set<string>, report: Report): void {
  if (value === undefined) return;
  const ignore = isMap(value) ? value.ignore : undefined;
  const others = isMap(value) ? Object.keys(value).filter((key) => key !== 'ignore') : [];
  if (!Array.isArray(ignore) || others.length > 0) {
    const key = others[0];
    report.problem(
      key === undefined ? path : [...path, key],
      key === undefined ? 'x-lint needs a list of codes' : `the key "${key}" is not known in x-lint`,
      'write x-lint: {ignore: [ingress-port]}',
    );
    return;
  }
  for (const [index, code] of ignore.entries()) {
    if (typeof code === 'string' && Object.hasOwn(lintCodes, code)) codes.add(code);
    else
      report.problem(
        [...path, 'ignore', index],
        `${JSON.stringify(String(code))} is not the code of a lint`,
        suggestWord(String(code), Object.keys(lintCodes)),
      );
  }
}
