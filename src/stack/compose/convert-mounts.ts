/** Mounts of a service: which options each type of mount may have, and what the stack's volumes add. */
import type { Mount } from '../engine-types.ts';
import type { ComposePath } from './compose-document.ts';
import type { ComposeMount, ComposeService, ComposeVolume } from './compose-types.ts';
import { addStackLabel, type ConvertContext, omitEmpty, omitEmptyMap, scopeName } from './convert-context.ts';
import { dropUndefined } from './decode-values.ts';

const types = ['volume', 'bind', 'tmpfs', 'npipe', 'cluster', 'image'];

/** Which option blocks a type of mount takes; those it merely tolerates are dropped in `convertOptions`. */
const allowedOptions: Record<string, (keyof ComposeMount)[]> = {
  volume: ['volume'],
  bind: ['bind'],
  tmpfs: ['tmpfs'],
  npipe: ['bind'],
  cluster: [],
  image: [],
};

export function convertMounts(service: ComposeService, context: ConvertContext): Mount[] {
  return (service.mounts ?? []).map((mount, index) =>
    convertMount(mount, ['services', service.name, 'volumes', index], context),
  );
}

function convertMount(mount: ComposeMount, at: ComposePath, context: ConvertContext): Mount {
  const type = mount.type || 'volume';
  const base = omitEmpty({
    Type: mount.type as Mount['Type'],
    Source: mount.source,
    Target: mount.target,
    ReadOnly: mount.readOnly,
    Consistency: mount.consistency,
  }) as Mount;
  if (!types.includes(type)) {
    context.report.problem(
      [...at, 'type'],
      `${JSON.stringify(type)} is no type of mount`,
      `one of ${types.join(', ')}`,
    );
    return base;
  }
  checkOptions(type, mount, at, context);
  checkSource(type, mount, at, context);
  return { ...base, ...convertOptions(type, mount, at, context) };
}

function checkOptions(type: string, mount: ComposeMount, at: ComposePath, { report }: ConvertContext): void {
  for (const option of ['bind', 'volume', 'tmpfs'] as const)
    if (mount[option] && !allowedOptions[type]?.includes(option))
      report.problem(
        at,
        `options of ${option} can't be used with a mount of type ${type}`,
        'remove them, or change the type',
      );
}

function checkSource(type: string, mount: ComposeMount, at: ComposePath, { report }: ConvertContext): void {
  if (type === 'tmpfs' && mount.source !== '')
    report.problem([...at, 'source'], 'a tmpfs has no source', 'remove source');
  if (['npipe', 'cluster', 'image'].includes(type) && mount.source === '')
    report.problem(at, `a mount of type ${type} has no source`, 'name it with source:');
}

function convertOptions(
  type: string,
  mount: ComposeMount,
  at: ComposePath,
  context: ConvertContext,
): Partial<Mount> {
  if (type === 'volume') return convertVolume(mount, at, context);
  if (type === 'cluster') return convertCluster(mount, at, context);
  if (type === 'tmpfs')
    return mount.tmpfs ? { TmpfsOptions: omitEmpty({ SizeBytes: mount.tmpfs.size }) } : {};
  if (type === 'image') return {};
  return mount.bind ? { BindOptions: omitEmpty({ Propagation: mount.bind.propagation }) } : {};
}

/** A named volume of the stack; one without a source is anonymous and has no options. */
function convertVolume(mount: ComposeMount, at: ComposePath, context: ConvertContext): Partial<Mount> {
  if (mount.source === '') return {};
  const volume = findVolume(mount.source, at, context);
  if (!volume) return {};
  const options = omitEmpty({ NoCopy: mount.volume?.nocopy, Subpath: mount.volume?.subpath });
  const source = volume.name || scopeName(context, mount.source);
  if (volume.external) return { Source: source, VolumeOptions: options };
  return {
    Source: source,
    VolumeOptions: {
      ...options,
      Labels: addStackLabel(context, volume.labels),
      ...(volume.driver !== '' || volume.driverOpts ? { DriverConfig: convertDriver(volume) } : {}),
    },
  };
}

function convertDriver({ driver, driverOpts }: ComposeVolume): {
  Name?: string;
  Options?: Record<string, string>;
} {
  return dropUndefined({ Name: driver || undefined, Options: omitEmptyMap(driverOpts) }) as {
    Name?: string;
    Options?: Record<string, string>;
  };
}

/** A group of cluster volumes is nobody's own and can't be checked. */
function convertCluster(mount: ComposeMount, at: ComposePath, context: ConvertContext): Partial<Mount> {
  if (mount.source === '' || mount.source.startsWith('group:')) return { ClusterOptions: {} };
  const volume = findVolume(mount.source, at, context);
  return { ClusterOptions: {}, Source: volume?.name || scopeName(context, mount.source) };
}

function findVolume(
  key: string,
  at: ComposePath,
  { compose, report }: ConvertContext,
): ComposeVolume | undefined {
  if (Object.hasOwn(compose.volumes, key)) return compose.volumes[key];
  report.problem(
    at,
    `the volume ${JSON.stringify(key)} is not defined`,
    `define it under the top-level volumes:, or write ./${key} for a folder`,
  );
  return undefined;
}
