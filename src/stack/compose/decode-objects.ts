/** Networks, volumes, secrets and configs of a checked compose file. */
import path from 'node:path';
import type { ComposePath } from './compose-document.ts';
import {
  type ComposeFileObject,
  type ComposeNetwork,
  type ComposeVolume,
  newRecord,
} from './compose-types.ts';
import type { DecodeContext } from './decode-context.ts';
import { dropUndefined, readFlag, readList, readMap, readText, readTexts } from './decode-values.ts';
import { parseSize } from './parse-size.ts';
import { isMap, type YamlMap, type YamlValue } from './yaml-value.ts';

export function decodeNetworks(
  value: YamlValue | undefined,
  context: DecodeContext,
): Record<string, ComposeNetwork> {
  return decodeEach(value, (name, source) => {
    const ipam = readMap(source.ipam) ?? {};
    return dropUndefined({
      ...decodeIdentity('network', name, source, ['networks', name], 5, context),
      driver: readText(source.driver),
      driverOpts: readTexts(source.driver_opts),
      internal: readFlag(source.internal),
      attachable: readFlag(source.attachable),
      labels: readTexts(source.labels),
      ipam: {
        driver: readText(ipam.driver),
        subnets: (readList(ipam.config) ?? []).map((one) => readText(readMap(one)?.subnet)),
      },
    }) as ComposeNetwork;
  });
}

export function decodeVolumes(
  value: YamlValue | undefined,
  context: DecodeContext,
): Record<string, ComposeVolume> {
  return decodeEach(value, (name, source) => {
    const at = ['volumes', name];
    const identity = decodeIdentity('volume', name, source, at, 4, context);
    const volume = dropUndefined({
      ...identity,
      driver: readText(source.driver),
      driverOpts: readTexts(source.driver_opts),
      labels: readTexts(source.labels),
    }) as ComposeVolume;
    checkCapacity(source, at, context);
    if (identity.external)
      for (const [key, written] of [
        ['driver', volume.driver],
        ['driver_opts', Object.keys(volume.driverOpts ?? {}).length],
        ['labels', Object.keys(volume.labels ?? {}).length],
      ] as const)
        if (written)
          context.report.problem(
            [...at, key],
            `an external volume exists already: ${key} can't be set for it`,
            `remove ${key}, or remove external`,
          );
    return volume;
  });
}

/** A cluster volume's description isn't sent with a service; a size in it that is none is refused all the same. */
function checkCapacity(source: YamlMap, at: ComposePath, { report }: DecodeContext): void {
  const capacity = readMap(readMap(source['x-cluster-spec'])?.capacity_range);
  for (const key of ['required_bytes', 'limit_bytes']) {
    const size = capacity?.[key];
    const parsed = typeof size === 'string' ? parseSize(size) : 0;
    if (typeof parsed !== 'number')
      report.problem(
        [...at, 'x-cluster-spec', 'capacity_range', key],
        parsed.message,
        'write a size such as 10G',
      );
  }
}

export function decodeFileObjects(
  kind: 'secret' | 'config',
  value: YamlValue | undefined,
  context: DecodeContext,
): Record<string, ComposeFileObject> {
  return decodeEach(value, (name, source) => {
    const at = [`${kind}s`, name];
    const identity = decodeIdentity(kind, name, source, at, 5, context);
    const driver = readText(source.driver);
    const file = readText(source.file);
    if (identity.external && (file || driver))
      context.report.warn(at, `it is external: its ${file ? 'file' : 'driver'} is ignored`);
    else if (driver && file)
      context.report.problem(
        [...at, 'driver'],
        `a ${kind} has either a driver or a file`,
        'remove one of the two',
      );
    else if (!identity.external && !driver && !file)
      context.report.problem(at, `the ${kind} has no content`, 'name its file: or write external: true');
    return dropUndefined({
      ...identity,
      file: identity.external || driver || !file ? '' : path.resolve(context.folder, file),
      labels: readTexts(source.labels),
      driver,
      driverOpts: readTexts(source.driver_opts),
      templateDriver: readText(source.template_driver),
    }) as ComposeFileObject;
  });
}

function decodeEach<T>(
  value: YamlValue | undefined,
  decode: (name: string, source: YamlMap) => T,
): Record<string, T> {
  const decoded = newRecord<T>();
  if (isMap(value))
    for (const [name, one] of Object.entries(value)) decoded[name] = decode(name, readMap(one) ?? {});
  return decoded;
}

/** `external: true`, `external: {name: …}` and `name:` made one; an external object without a name has its key as name. */
function decodeIdentity(
  kind: string,
  key: string,
  source: YamlMap,
  at: ComposePath,
  nameSince: number,
  { report, minor }: DecodeContext,
): { name: string; external: boolean } {
  const written = readText(source.name);
  const old = readMap(source.external);
  const external = old !== undefined || source.external === true;
  if (!external) return { name: written, external };
  const oldName = readText(old?.name);
  if (oldName === '') return { name: written || key, external };
  if (written !== '')
    report.problem(
      [...at, 'external'],
      `the ${kind} has two names: ${written} and ${oldName}`,
      'keep name only',
    );
  else if (minor >= nameSince)
    report.warn(
      [...at, 'external'],
      `external.name is deprecated: write external: true and name: ${oldName}`,
    );
  return { name: oldName, external };
}
