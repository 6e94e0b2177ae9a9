/**
 * A service spec as flat fields that a person reads, with the engine's defaults filled in: what the compose file
 * left unsaid and what the engine answers come out the same. Pure.
 */
import {
  type ConfigReference,
  type ContainerSpec,
  type FileTarget,
  type Mount,
  type SecretReference,
  type ServiceSpec,
  stackNamespaceLabel,
  type UpdateConfig,
} from './engine-types.ts';
import { formatBytes, formatNanoseconds } from './format-values.ts';
import { hideSecrets, hideSecretWords, looksSecret } from './hide-values.ts';

export interface FieldValue {
  /** For comparison only: may hold a secret. */
  value: string;
  /** For people. */
  shown: string;
  hidden?: true;
}

export type Fields = Map<string, FieldValue>;

/** Names of networks by what a service's `Networks[].Target` may hold: the id or the name. */
export type NetworkNames = ReadonlyMap<string, string>;

/**
 * The fields of a service spec. `ForceUpdate`, the platforms a registry told `docker stack deploy`, and the label
 * that repeats the image are left out: they are no wish of the compose file.
 */
export function readServiceFields(spec: ServiceSpec, networks: NetworkNames): Fields {
  const fields: Fields = new Map();
  const task = spec.TaskTemplate;
  addContainer(fields, task.ContainerSpec);
  addMode(fields, spec.Mode);
  addMap(fields, 'labels', omit(spec.Labels ?? {}, 'com.docker.stack.image'));
  for (const network of task.Networks ?? []) {
    const aliases = [...(network.Aliases ?? [])].sort();
    add(fields, `networks.${networks.get(network.Target) ?? network.Target}`, `as ${aliases.join(', ')}`);
    addMap(
      fields,
      `networks.${networks.get(network.Target) ?? network.Target}.options`,
      network.DriverOpts ?? {},
    );
  }
  addPorts(fields, spec.EndpointSpec);
  addOther(fields, 'resources', task.Resources);
  addRestartPolicy(fields, task.RestartPolicy);
  addList(fields, 'placement.constraints', [...(task.Placement?.Constraints ?? [])].sort());
  addList(
    fields,
    'placement.preferences',
    (task.Placement?.Preferences ?? []).map((preference) => preference.Spread.SpreadDescriptor),
  );
  if (task.Placement?.MaxReplicas) add(fields, 'max_replicas_per_node', String(task.Placement.MaxReplicas));
  if (task.LogDriver?.Name) add(fields, 'logging.driver', task.LogDriver.Name);
  addMap(fields, 'logging', task.LogDriver?.Options ?? {});
  addUpdateConfig(fields, 'update_config', spec.UpdateConfig);
  addUpdateConfig(fields, 'rollback_config', spec.RollbackConfig);
  return fields;
}

/** The image without the digest a registry gave it: `name:tag@sha256:…` → `name:tag`. */
export function withoutDigest(image: string): string {
  const at = image.indexOf('@');
  return at > 0 ? image.slice(0, at) : image;
}

function addContainer(fields: Fields, container: ContainerSpec): void {
  const { Image, Labels, Command, Args, Env, Mounts, Secrets, Configs, Isolation, Init, ...rest } = container;
  const { StopGracePeriod, Hosts, Healthcheck, ...others } = rest;
  add(fields, 'image', Image);
  addMap(fields, 'container_labels', Labels ?? {});
  addWords(fields, 'entrypoint', Command);
  addWords(fields, 'command', Args);
  for (const entry of Env ?? []) {
    const equals = entry.indexOf('=');
    const name = equals < 0 ? entry : entry.slice(0, equals);
    addNamed(fields, 'env', name, equals < 0 ? '(unset)' : entry.slice(equals + 1));
  }
  for (const mount of Mounts ?? []) addMount(fields, mount);
  for (const secret of Secrets ?? [])
    add(fields, `secrets.${secret.File?.Name ?? secret.SecretName}`, describeReference(secret));
  for (const config of Configs ?? [])
    add(
      fields,
      `configs.${config.File?.Name ?? `${config.ConfigName} (runtime)`}`,
      describeReference(config),
    );
  if (Isolation && Isolation !== 'default') add(fields, 'isolation', Isolation);
  if (Init !== undefined && Init !== null) add(fields, 'init', String(Init));
  add(fields, 'stop_grace_period', formatNanoseconds(StopGracePeriod ?? 10e9));
  addList(fields, 'extra_hosts', Hosts ?? []);
  addOther(fields, 'healthcheck', Healthcheck);
  addOther(fields, '', others);
}

function addMode(fields: Fields, mode: ServiceSpec['Mode'] = {}): void {
  if (mode.Global) {
    add(fields, 'mode', 'global');
    return;
  }
  if (mode.GlobalJob) {
    add(fields, 'mode', 'global-job');
    return;
  }
  if (mode.ReplicatedJob) {
    const concurrent = mode.ReplicatedJob.MaxConcurrent ?? 1;
    add(fields, 'mode', 'replicated-job');
    add(fields, 'max_concurrent', String(concurrent));
    add(fields, 'replicas', String(mode.ReplicatedJob.TotalCompletions ?? concurrent));
    return;
  }
  add(fields, 'mode', 'replicated');
  add(fields, 'replicas', String(mode.Replicated?.Replicas ?? 1));
}

function addPorts(fields: Fields, endpoint: ServiceSpec['EndpointSpec'] = {}): void {
  add(fields, 'endpoint_mode', endpoint.Mode || 'vip');
  for (const port of endpoint.Ports ?? []) {
    const path = `ports.${port.PublishedPort || 'any'}:${port.TargetPort}/${port.Protocol || 'tcp'}`;
    const mode = port.PublishMode || 'ingress';
    add(fields, path, fields.has(path) ? `${fields.get(path)!.value}, ${mode}` : mode);
  }
}

function addRestartPolicy(fields: Fields, policy: ServiceSpec['TaskTemplate']['RestartPolicy'] = {}): void {
  add(fields, 'restart_policy.condition', policy.Condition || 'any');
  add(fields, 'restart_policy.delay', formatNanoseconds(policy.Delay ?? 5e9));
  if (policy.MaxAttempts) add(fields, 'restart_policy.max_attempts', String(policy.MaxAttempts));
  if (policy.Window) add(fields, 'restart_policy.window', formatNanoseconds(policy.Window));
}

function addUpdateConfig(fields: Fields, path: string, config: Partial<UpdateConfig> = {}): void {
  add(fields, `${path}.parallelism`, String(config.Parallelism ?? 1));
  add(fields, `${path}.delay`, formatNanoseconds(config.Delay ?? 0));
  add(fields, `${path}.failure_action`, config.FailureAction || 'pause');
  add(fields, `${path}.monitor`, formatNanoseconds(config.Monitor || 5e9));
  // The engine keeps it as a 32 bit number: 0.1 comes back as 0.10000000149011612.
  add(fields, `${path}.max_failure_ratio`, String(Math.fround(config.MaxFailureRatio ?? 0)));
  add(fields, `${path}.order`, config.Order || 'stop-first');
}

function addMount(fields: Fields, mount: Mount): void {
  const { Type, Source, Target, ReadOnly, VolumeOptions, ...others } = mount;
  const labels = omit(VolumeOptions?.Labels ?? {}, stackNamespaceLabel);
  const options = { ...others, VolumeOptions: { ...VolumeOptions, Labels: labels } };
  const words = [Type, Source ?? '', ReadOnly ? 'read-only' : ''].filter((word) => word !== '');
  const rest = dropEmpty(options);
  add(fields, `volumes.${Target}`, [...words, rest === undefined ? '' : stableJson(rest)].join(' ').trim());
}

function describeReference(reference: SecretReference | ConfigReference): string {
  const name = 'SecretName' in reference ? reference.SecretName : reference.ConfigName;
  const file: Partial<FileTarget> = reference.File ?? {};
  const owner =
    (file.UID ?? '0') === '0' && (file.GID ?? '0') === '0' ? '' : ` ${file.UID ?? 0}:${file.GID ?? 0}`;
  const mode = (file.Mode ?? 0o444) === 0o444 ? '' : ` 0${(file.Mode ?? 0).toString(8)}`;
  return `${name}${owner}${mode}`;
}

function addNamed(fields: Fields, path: string, name: string, value: string): void {
  if (looksSecret(name)) fields.set(`${path}.${name}`, { value, shown: '(hidden)', hidden: true });
  else add(fields, `${path}.${name}`, value);
}

function addMap(fields: Fields, path: string, map: Record<string, string>): void {
  for (const [name, value] of Object.entries(map)) addNamed(fields, path, name, value);
}

function addWords(fields: Fields, path: string, words: string[] | undefined): void {
  if (!words || words.length === 0) return;
  const quoted = hideSecretWords(words).map((word) =>
    /^[^\s"'\\]+$/.test(word) ? word : JSON.stringify(word),
  );
  fields.set(path, { value: JSON.stringify(words), shown: quoted.join(' ') });
}

function addList(fields: Fields, path: string, list: string[]): void {
  if (list.length > 0) fields.set(path, { value: JSON.stringify(list), shown: hideSecrets(list.join(', ')) });
}

function add(fields: Fields, path: string, value: string): void {
  fields.set(path, { value, shown: hideSecrets(value) });
}

const spokenNames: Record<string, string> = {
  NanoCPUs: 'cpus',
  MemoryBytes: 'memory',
  CapabilityAdd: 'cap_add',
  CapabilityDrop: 'cap_drop',
  DNSConfig: 'dns',
  TTY: 'tty',
  OpenStdin: 'stdin_open',
  Dir: 'working_dir',
};
const durations = new Set(['Interval', 'Timeout', 'StartPeriod', 'StartInterval']);

/** Whatever else a spec holds, field by field, so that nothing the converter learns to say goes unnoticed here. */
function addOther(fields: Fields, path: string, value: unknown, key = ''): void {
  const kept = dropEmpty(value);
  if (kept === undefined) return;
  if (typeof kept === 'object' && !Array.isArray(kept)) {
    for (const [name, inner] of Object.entries(kept as Record<string, unknown>)) {
      const spoken = spokenNames[name] ?? (/^[A-Z]/.test(name) ? toSnakeCase(name) : name);
      addOther(fields, path === '' ? spoken : `${path}.${spoken}`, inner, name);
    }
    return;
  }
  if (Array.isArray(kept) && kept.every((item) => typeof item !== 'object')) {
    fields.set(path, { value: JSON.stringify(kept), shown: hideSecretWords(kept.map(String)).join(' ') });
    return;
  }
  add(fields, path, typeof kept === 'object' ? stableJson(kept) : formatScalar(kept, key));
}

function formatScalar(value: unknown, key: string): string {
  if (typeof value !== 'number') return String(value);
  if (durations.has(key)) return formatNanoseconds(value);
  if (key === 'NanoCPUs') return String(value / 1e9);
  return /Bytes$/.test(key) ? formatBytes(value) : String(value);
}

function toSnakeCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
}

/** Without what Go leaves out of its JSON or sends as nothing: null, "", 0, false, [] and {}. */
export function dropEmpty(value: unknown): unknown {
  if (value === null || value === undefined || value === '' || value === 0 || value === false)
    return undefined;
  if (Array.isArray(value))
    return value.length === 0 ? undefined : value.map((item) => dropEmpty(item) ?? item);
  if (typeof value !== 'object') return value;
  const entries = Object.entries(value)
    .map(([key, inner]) => [key, dropEmpty(inner)] as const)
    .filter(([, inner]) => inner !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** JSON with the keys of every object in order: equal for equal values. */
export function stableJson(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    inner && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function omit(map: Record<string, string>, key: string): Record<string, string> {
  return Object.fromEntries(Object.entries(map).filter(([name]) => name !== key));
}
