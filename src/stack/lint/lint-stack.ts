/**
 * What is allowed and probably not meant: one pure function a lint, each saying what will happen and what to write
 * instead. Constraints and ports that can't work on a given cluster are errors of `check-stack.ts`.
 */
import type { ComposeStack } from '../compose/compose-types.ts';
import type { ServiceDefinition, StackDefinition } from '../definition.ts';
import { formatNanoseconds } from '../format-values.ts';
import type { Lint } from './lint.ts';
import { lintBindMounts, lintLocalVolumes } from './lint-mounts.ts';
import { lintIngress, lintListening } from './lint-ports.ts';

/** Every lint of a stack: service by service, then of what no service uses. */
export function lintStack(stack: Pick<StackDefinition, 'services'>, compose: ComposeStack): Lint[] {
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
      code: 'image-not-pinned',
      path: ['services', key, 'image'],
      message: `${image} is whatever "latest" is on the day a node pulls it`,
      why: 'two nodes may run different programs, and a rollback brings nothing back',
      next: 'pin a version or a digest',
    },
  ];
}

/**
 * Defaults of the engine, in nanoseconds, and how long it waits before it stops an unhealthy task. Source: moby,
 * `daemon/health.go` and `defaultGossipConvergeDelay`; Docker's documentation of `update-monitor` and
 * `stop-grace-period`.
 */
const defaults = { interval: 30e9, timeout: 30e9, retries: 3, monitor: 5e9, leave: 2e9, stop: 10e9 };

/**
 * A task counts as running from its first healthy answer, which ends the start period too, and is watched from then on:
 * a version that breaks later is noticed only where its task has ended before the watch is over, that is when the check
 * has failed as often as it must, one interval after the other, and the task has left its networks and stopped. How long
 * a check takes to fail and a task to stop nobody knows beforehand: what is found can't be in time even where both take
 * no time at all, and what is advised is in time even where both take as long as they may. A task that ends before its
 * first healthy answer counts whatever the watch.
 * Source: moby, `daemon/cluster/executor/container/controller.go` (`Start`, `Wait`, `Shutdown`) and `daemon/health.go`;
 * swarmkit, `manager/orchestrator/update/updater.go` (`updatedTasks`).
 */
function lintMonitor({ key, spec }: ServiceDefinition): Lint[] {
  const { Healthcheck: check, StopGracePeriod } = spec.TaskTemplate.ContainerSpec;
  const update = spec.UpdateConfig;
  if (!check?.Test?.length || check.Test[0] === 'NONE' || !update) return [];
  if (update.FailureAction === 'continue') return [];
  const retries = check.Retries || defaults.retries;
  const verdict = (check.Interval || defaults.interval) * retries;
  const earliest = verdict + defaults.leave;
  const latest =
    earliest + (check.Timeout || defaults.timeout) * retries + (StopGracePeriod ?? defaults.stop);
  const monitor = update.Monitor || defaults.monitor;
  if (monitor >= earliest) return [];
  return [
    {
      code: 'monitor-too-short',
      path: ['services', key, 'deploy', 'update_config', 'monitor'],
      message:
        `an updated task is watched for ${formatNanoseconds(monitor)}, but its health check needs ${formatNanoseconds(verdict)} ` +
        `(interval × retries) to call it unhealthy, and swarm ${formatNanoseconds(defaults.leave)} more before it ends`,
      why: 'a version that breaks after its start passes',
      next:
        `set monitor to ${formatNanoseconds(earliest)} and what the task takes to stop (${formatNanoseconds(latest)} where the check ` +
        'runs into its timeout each time and the task is killed in the end), or check more often',
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
    const word = section === 'secrets' ? 'secret' : 'config';
    return Object.keys(compose[section])
      .filter((key) => !used.has(key))
      .map(
        (key): Lint => ({
          code: `unused-${word}`,
          path: [section, key],
          message: `no service uses the ${word} ${key}`,
          why: `it is there for nobody, or a service misses it`,
          next: `give it to a service under ${section}:, or remove it`,
        }),
      );
  });
}
