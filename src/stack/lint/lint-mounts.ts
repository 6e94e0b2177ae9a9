/** Lints of what a service keeps, and where. Pure. */
import path from 'node:path';
import { type BindFate, readRelativeBind } from '../compose/send-bind-files.ts';
import { isMap, type YamlMap } from '../compose/yaml-value.ts';
import type { ServiceDefinition } from '../definition.ts';
import type { Mount } from '../engine-types.ts';
import type { Lint } from './lint.ts';

/** Folders of the node itself that are the same on every node. */
const everywhere = /^\/(?:var\/run|run|etc\/(?:localtime|timezone|hostname|machine-id)|proc|sys|dev|$)/;

/**
 * Bind mounts written relative to one compose file: the path is this computer's, and no node has it.
 *
 * @param fates what becomes of the files that read-only ones name, by absolute path.
 */
export function lintRelativeBinds(
  root: YamlMap,
  folder: string,
  fates: ReadonlyMap<string, BindFate> = new Map(),
): Lint[] {
  return Object.entries(isMap(root.services) ? root.services : {}).flatMap(([name, service]) => {
    const volumes = isMap(service) && Array.isArray(service.volumes) ? service.volumes : [];
    return volumes.flatMap((volume, index): Lint[] => {
      const bind = readRelativeBind(volume);
      if (bind === undefined) return [];
      return [
        {
          code: 'relative-bind-mount',
          path: ['services', name, 'volumes', index],
          message: `${bind.source} is a path on the computer that deploys`,
          ...adviseOnBind(bind.readOnly, fates.get(path.resolve(folder, bind.source))),
        },
      ];
    });
  });
}

function adviseOnBind(readOnly: boolean, fate: BindFate | undefined): Pick<Lint, 'why' | 'next'> {
  const stay = (advice: string) => ({
    why: 'it exists there, or on one node at best, and a task on any other node is rejected',
    next: `${advice}; keep data in a volume, or name an absolute path of a node and pin the service to it`,
  });
  if (!readOnly) return stay('deploy a file as a config or secret (with :ro kawanan does so by itself)');
  if (!fate) return stay('deploy a file as a config or secret');
  if ('stays' in fate) return stay(`kawanan can't deploy it as a config: ${fate.stays}`);
  const sent = fate.as === 'configs' ? 'a config' : `a secret (${fate.why})`;
  return {
    why: `no node has it; kawanan deploys the file as ${sent} in its place, docker stack deploy would see the tasks rejected`,
    next: `say so yourself with ${fate.as}:, or name an absolute path of a node`,
  };
}

/** Absolute paths, where several nodes may run the service. */
export function lintBindMounts(service: ServiceDefinition): Lint[] {
  return listMounts(service).flatMap(({ mount, index }): Lint[] => {
    if (mount.Type !== 'bind' || everywhere.test(mount.Source ?? '') || isPinned(service)) return [];
    return [
      {
        code: 'bind-mount-unpinned',
        path: ['services', service.key, 'volumes', index],
        message: `${mount.Source} must be there on every node that may run ${service.key}`,
        why: 'a task that lands on a node without it is rejected',
        next: 'deploy a file as a config, data as a volume, or pin the service to the node with a constraint',
      },
    ];
  });
}

/** Programs whose whole purpose is to keep what they were given, by the last part of their image's name. */
const stores = new Set(
  'mysql mariadb percona postgres postgresql postgis timescaledb mongo mongodb redis valkey minio couchdb cassandra influxdb elasticsearch opensearch clickhouse-server rabbitmq etcd consul vault zookeeper kafka neo4j registry'.split(
    ' ',
  ),
);

/** A volume of the local driver stays on its node when the task moves. */
export function lintLocalVolumes(service: ServiceDefinition): Lint[] {
  const { key, spec } = service;
  if (spec.Mode?.Global || spec.Mode?.GlobalJob || spec.Mode?.ReplicatedJob) return [];
  const mounts = listMounts(service);
  const name = imageName(spec.TaskTemplate.ContainerSpec.Image);
  // What ends by itself with exit code 0 uses the image for its client.
  const isServer = !/^(none|on-failure)$/.test(spec.TaskTemplate.RestartPolicy?.Condition ?? '');
  if (isServer && stores.has(name) && !mounts.some(({ mount }) => mount.Source))
    return [
      {
        code: 'stateful-without-volume',
        path: ['services', key, 'image'],
        message: `${key} runs ${name} without a volume that has a name`,
        why: 'each new task, after an update or a crash, begins with no data',
        next: 'mount a named volume where the image keeps its data, and pin the service to a node',
      },
    ];
  if (isPinned(service)) return [];
  return mounts.flatMap(({ mount, index }): Lint[] => {
    const driver = mount.VolumeOptions?.DriverConfig;
    const isLocal = (driver?.Name ?? 'local') === 'local' && Object.keys(driver?.Options ?? {}).length === 0;
    if (mount.Type !== 'volume' || !mount.Source || !mount.VolumeOptions?.Labels || !isLocal) return [];
    return [
      {
        code: 'local-volume-unpinned',
        path: ['services', key, 'volumes', index],
        message: `the volume ${mount.Source} is local, and nothing pins ${key}`,
        why: 'it is made anew, empty, on each node the service moves to',
        next: 'pin the service with a constraint such as node.hostname == NAME',
      },
    ];
  });
}

function imageName(image: string): string {
  return (image.split('@')[0]!.split('/').at(-1) ?? '').split(':')[0]!;
}

function listMounts({ spec }: ServiceDefinition): { mount: Mount; index: number }[] {
  return (spec.TaskTemplate.ContainerSpec.Mounts ?? []).map((mount, index) => ({ mount, index }));
}

/** Whether a constraint keeps the service on nodes the user has chosen. */
function isPinned({ spec }: ServiceDefinition): boolean {
  return (spec.TaskTemplate.Placement?.Constraints ?? []).some((text) =>
    /^\s*(?:node\.(?:hostname|id|ip|labels\.[^\s=!]+)|engine\.labels\.[^\s=!]+)\s*==/i.test(text),
  );
}
