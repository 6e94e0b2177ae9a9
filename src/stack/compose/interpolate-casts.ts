/**
 * Places whose text becomes a number or a boolean once a variable was filled in: `replicas: ${N}` is a number.
 * Source: the type table of docker/cli's compose loader.
 */
import type { ComposePath } from './compose-document.ts';
import type { YamlValue } from './yaml-value.ts';

type Kind = 'integer' | 'number' | 'boolean';

const servicePlaces: Record<Kind, string[]> = {
  integer: [
    'configs.#.mode',
    'secrets.#.mode',
    'healthcheck.retries',
    'deploy.replicas',
    'deploy.update_config.parallelism',
    'deploy.rollback_config.parallelism',
    'deploy.restart_policy.max_attempts',
    'deploy.placement.max_replicas_per_node',
    'ports.#.target',
    'ports.#.published',
    'ulimits.*',
    'ulimits.*.hard',
    'ulimits.*.soft',
    'oom_score_adj',
  ],
  number: ['deploy.update_config.max_failure_ratio', 'deploy.rollback_config.max_failure_ratio'],
  boolean: [
    'healthcheck.disable',
    'privileged',
    'read_only',
    'stdin_open',
    'tty',
    'volumes.#.read_only',
    'volumes.#.volume.nocopy',
  ],
};

const objectPlaces: Record<string, string[]> = {
  networks: ['external', 'internal', 'attachable'],
  volumes: ['external'],
  secrets: ['external'],
  configs: ['external'],
};

const kinds = new Map<string, Kind>([
  ...Object.entries(servicePlaces).flatMap(([kind, places]) =>
    places.map((place) => [`services.*.${place}`, kind as Kind] as const),
  ),
  ...Object.entries(objectPlaces).flatMap(([section, keys]) =>
    keys.map((key) => [`${section}.*.${key}`, 'boolean'] as const),
  ),
]);

/** The value a filled-in text stands for at this place, or what was expected there. */
export function castInterpolated(
  text: string,
  path: ComposePath,
): { value: YamlValue } | { expected: string } {
  const kind = findKind(path);
  if (kind === undefined) return { value: text };
  const value = casts[kind](text);
  if (value !== undefined) return { value };
  return { expected: kind === 'boolean' ? 'true or false' : kind === 'integer' ? 'an integer' : 'a number' };
}

function findKind(path: ComposePath): Kind | undefined {
  const steps = path.map((step, index) => {
    if (typeof step === 'number') return '#';
    return index === 1 || (index === 3 && path[2] === 'ulimits') ? '*' : step;
  });
  return kinds.get(steps.join('.'));
}

const casts: Record<Kind, (text: string) => YamlValue | undefined> = {
  integer: (text) => {
    if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
    const value = BigInt(text.replace('+', ''));
    return value === BigInt.asIntN(64, value) ? value : undefined;
  },
  number: (text) => {
    if (!/^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/.test(text)) return undefined;
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  },
  boolean: (text) => {
    if (/^(y|yes|true|on)$/i.test(text)) return true;
    return /^(n|no|false|off)$/i.test(text) ? false : undefined;
  },
};
