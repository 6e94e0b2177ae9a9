import type { ComposePath } from './compose-document.ts';
import type { ComposePort } from './compose-types.ts';
import { type DecodeContext, readCount } from './decode-context.ts';
import { readList, readMap, readText } from './decode-values.ts';
import { parsePortSpec } from './parse-port.ts';
import { printScalar } from './yaml-scalar.ts';
import type { YamlValue } from './yaml-value.ts';

/** Every published port; a range becomes one entry a port. */
export function decodePorts(
  value: YamlValue | undefined,
  at: ComposePath,
  context: DecodeContext,
): ComposePort[] | undefined {
  return readList(value)?.flatMap((one, index) => {
    const here = [...at, index];
    const source = readMap(one);
    if (source)
      return [
        {
          mode: readText(source.mode),
          target: readCount(source.target, [...here, 'target'], context, { most: 65535 }) ?? 0,
          published: readCount(source.published, [...here, 'published'], context, { most: 65535 }) ?? 0,
          protocol: readText(source.protocol),
        },
      ];
    if (typeof one === 'number') {
      context.report.problem(here, `expected a whole number, found ${one}`);
      return [];
    }
    return decodeShortPort(printScalar(one), here, context);
  });
}

function decodeShortPort(text: string, at: ComposePath, { report }: DecodeContext): ComposePort[] {
  const parsed = parsePortSpec(text);
  // the schema has refused what can't be parsed
  if (typeof parsed === 'string') return [];
  if (parsed.ignoredAddress !== undefined)
    report.warn(
      at,
      `the address ${parsed.ignoredAddress} is ignored: a swarm port listens on every address of the node`,
    );
  return parsed.ports;
}
