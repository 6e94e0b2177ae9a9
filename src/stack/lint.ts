/**
 * What is allowed and probably not meant: one pure function a lint, each message saying what will happen and what to
 * write instead. Constraints and ports that can't work on a given cluster are errors of `check-stack.ts`.
 */
import type { ComposeStack } from './compose/compose-types.ts';
import type { ServiceDefinition, StackDefinition } from './definition.ts';
import type { Mount } from './engine-types.ts';

export interface Lint {
  /** Path inside the compose file. */
  path: (string | number)[];
  message: string;
}

/** Every lint of a stack: service by service, then of what no service uses. */
export function lintStack(stack: StackDefinition, compose: ComposeStack): Lint[] {
  return [
    ...stack.services.flatMap((service) => [
      ...lintImage(service),
      ...lintBindMounts(service),
      ...lintLocalVolumes(service),
      ...lintIngress(service),
      ...lintListening(service),
      ...lintMonitor(service),
    ]),
    ...lintUnused(compose),
  ];
}

/** A tag may move between the pulls of two nodes; an image we build gets a tag of its own content. */
function lintImage({ key, spec, build }: ServiceDefinition): Lint[] {
  const image = spec.TaskTemplate.ContainerSpec.Image;
  if (build || image.includes('@') || !image.endsWith(':latest')) return [];
  return [
    {
      path: ['services', key, 'image'],
      message:
        `${image} is whatever "latest" is on the day a node pulls it, so that two nodes may run different programs ` +
        'and a rollback brings nothing back; pin a version or a digest',
    },
  ];
}

/** Folders of the node itself that are the same on every node. */
const everywhere = /^\/(?:var\/run|run|etc\/(?:localtime|timezone|hostname)|proc|sys|dev|$)/;

function lintBindMounts(service: ServiceDefinition): Lint[] {
  return listMounts(service).flatMap(({ mount, index }) => {
    if (mount.Type !== 'bind' || everywhere.test(mount.Source ?? '') || isPinned(service)) return [];
    return [
      {
        path: ['services', service.key, 'volumes', index],
        message:
          `${mount.Source} must be there on every node that may run ${service.key}; a task that lands on another node is ` +
          'rejected. Deploy a file as a config, data as a volume, or pin the service to the node with a constraint',
      },
    ];
  });
}

/** A volume of the local driver stays on its node when the task moves. */
function lintLocalVolumes(service: ServiceDefinition): Lint[] {
  if (isPinned(service) || service.spec.Mode?.Global || service.spec.Mode?.GlobalJob) return [];
  return listMounts(service).flatMap(({ mount, index }) => {
    const driver = mount.VolumeOptions?.DriverConfig;
    const isLocal = (driver?.Name ?? 'local') === 'local' && Object.keys(driver?.Options ?? {}).length === 0;
    if (mount.Type !== 'volume' || !mount.Source || !mount.VolumeOptions?.Labels || !isLocal) return [];
    return [
      {
        path: ['services', service.key, 'volumes', index],
        message:
          `the volume ${mount.Source} is made anew, empty, on each node the service moves to; ` +
          'pin the service with a constraint such as node.hostname == NAME',
      },
    ];
  });
}

function lintIngress({ key, spec }: ServiceDefinition): Lint[] {
  const ports = (spec.EndpointSpec?.Ports ?? []).filter(
    (port) => port.PublishedPort && port.PublishMode !== 'host',
  );
  if (ports.length === 0) return [];
  const numbers = ports.map((port) => port.PublishedPort).join(', ');
  return [
    {
      path: ['services', key, 'ports'],
      message:
        `port ${numbers} goes through the ingress mesh: one hop more, the client's address is lost, and a balancer ` +
        'counts connections of nodes instead of tasks; publish it with mode: host (target, published, mode) to avoid that',
    },
  ];
}

/** The command names a port to listen on, the same number is published, but leads to another port of the container. */
function lintListening({ key, spec }: ServiceDefinition): Lint[] {
  const { Command = [], Args = [] } = spec.TaskTemplate.ContainerSpec;
  const listened = new Set(
    [...Command, ...Args].flatMap((word) =>
      [...word.matchAll(/^(?:--?[\w-]+=)?(?:0\.0\.0\.0|\[::\]|\*)?:(\d{1,5})$/g)].map((match) =>
        Number(match[1]),
      ),
    ),
  );
  return (spec.EndpointSpec?.Ports ?? []).flatMap(({ PublishedPort, TargetPort }) => {
    if (!PublishedPort || PublishedPort === TargetPort) return [];
    if (!listened.has(PublishedPort) || listened.has(TargetPort)) return [];
    return [
      {
        path: ['services', key, 'ports'],
        message:
          `port ${PublishedPort} leads to port ${TargetPort} of the container, but the command listens on ` +
          `${PublishedPort}; publish ${PublishedPort}:${PublishedPort}`,
      },
    ];
  });
}

/** Defaults of the engine, in nanoseconds. Source: Docker's documentation of HEALTHCHECK and of `update-monitor`. */
const defaults = { interval: 30e9, retries: 3, monitor: 5e9 };

/**
 * A task counts as running from its first healthy answer, and is watched from then on: a version that fails later is
 * noticed only when the check has failed as often as it must.
 */
function lintMonitor({ key, spec }: ServiceDefinition): Lint[] {
  const check = spec.TaskTemplate.ContainerSpec.Healthcheck;
  const update = spec.UpdateConfig;
  if (!check?.Test?.length || check.Test[0] === 'NONE' || !update) return [];
  if (update.FailureAction === 'continue') return [];
  const verdict = (check.Interval || defaults.interval) * (check.Retries || defaults.retries);
  const monitor = update.Monitor || defaults.monitor;
  if (monitor >= verdict) return [];
  return [
    {
      path: ['services', key, 'deploy', 'update_config', 'monitor'],
      message:
        `an updated task is watched for ${formatSeconds(monitor)}, but its health check needs ${formatSeconds(verdict)} ` +
        `(interval × retries) to call it unhealthy: a version that breaks after its start passes; ` +
        `set monitor to ${formatSeconds(verdict)} or more, or check more often`,
    },
  ];
}

function lintUnused(compose: ComposeStack): Lint[] {
  return (['secrets', 'configs'] as const).flatMap((section) => {
    const used = new Set(
      Object.values(compose.services).flatMap((service) => [
        ...(service[section] ?? []).map((one) => one.source),
        ...(section === 'configs' ? [service.credentialSpec.config] : []),
      ]),
    );
    return Object.keys(compose[section])
      .filter((key) => !used.has(key))
      .map((key) => ({
        path: [section, key],
        message: `no service uses the ${section.slice(0, -1)} ${key}`,
      }));
  });
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

function formatSeconds(nanoseconds: number): string {
  return `${Number((nanoseconds / 1e9).toFixed(3))}s`;
}
