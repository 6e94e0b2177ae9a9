import path from 'node:path';
import type { ComposePath } from './compose-document.ts';
import type { ComposeMount } from './compose-types.ts';
import { type DecodeContext, readCount } from './decode-context.ts';
import { readFlag, readList, readMap, readText } from './decode-values.ts';
import { isAbsoluteAnywhere, parseMountSpec } from './parse-volume.ts';
import type { YamlMap, YamlValue } from './yaml-value.ts';

/** The mounts of a service, paths of bind mounts made absolute. */
export function decodeMounts(
  value: YamlValue | undefined,
  at: ComposePath,
  context: DecodeContext,
): ComposeMount[] | undefined {
  return readList(value)?.flatMap((one, index) => {
    const here = [...at, index];
    const mount =
      typeof one === 'string'
        ? decodeShort(one, here, context)
        : decodeLong(readMap(one) ?? {}, here, context);
    if (mount?.type === 'bind') resolveSource(mount, here, context);
    return mount ? [mount] : [];
  });
}

function decodeShort(text: string, at: ComposePath, { report }: DecodeContext): ComposeMount | undefined {
  const parsed = parseMountSpec(text);
  if (typeof parsed === 'string') {
    report.problem(
      at,
      `${JSON.stringify(text)} is not a mount: ${parsed}`,
      'write SOURCE:TARGET or SOURCE:TARGET:ro',
    );
    return undefined;
  }
  for (const option of parsed.ignoredOptions)
    report.warn(at, `the mount option ${JSON.stringify(option)} means nothing to swarm and is ignored`);
  return parsed.mount;
}

function decodeLong(source: YamlMap, at: ComposePath, context: DecodeContext): ComposeMount {
  const mount: ComposeMount = {
    type: readText(source.type),
    source: readText(source.source),
    target: readText(source.target),
    readOnly: readFlag(source.read_only),
    consistency: readText(source.consistency),
  };
  const bind = readMap(source.bind);
  const volume = readMap(source.volume);
  const tmpfs = readMap(source.tmpfs);
  warnOther(bind, ['propagation'], [...at, 'bind'], context);
  warnOther(volume, ['nocopy', 'subpath'], [...at, 'volume'], context);
  warnOther(tmpfs, ['size'], [...at, 'tmpfs'], context);
  if (bind) mount.bind = { propagation: readText(bind.propagation) };
  if (volume) mount.volume = { nocopy: readFlag(volume.nocopy), subpath: readText(volume.subpath) };
  if (tmpfs) mount.tmpfs = { size: readCount(tmpfs.size, [...at, 'tmpfs', 'size'], context) ?? 0 };
  return mount;
}

function warnOther(
  source: YamlMap | undefined,
  known: string[],
  at: ComposePath,
  { report }: DecodeContext,
): void {
  for (const key of Object.keys(source ?? {}))
    if (!known.includes(key))
      report.warn([...at, key], `the mount option ${key} means nothing to swarm and is ignored`);
}

function resolveSource(mount: ComposeMount, at: ComposePath, context: DecodeContext): void {
  if (mount.source === '') {
    context.report.problem(at, 'a bind mount has no source', 'name the path on the node with source:');
    return;
  }
  if (mount.source.startsWith('~')) mount.source = expandHome(mount.source, at, context);
  if (isAbsoluteAnywhere(mount.source)) return;
  mount.source = path.resolve(context.folder, mount.source);
  mount.isBeside = true;
}

function expandHome(source: string, at: ComposePath, { variables, report }: DecodeContext): string {
  if (Object.hasOwn(variables, 'HOME')) return source.replace('~', () => variables.HOME ?? '');
  report.warn(at, "~ can't be expanded: HOME is not set");
  return source;
}
