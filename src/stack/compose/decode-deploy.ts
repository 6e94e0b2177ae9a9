import type { ComposePath } from './compose-document.ts';
import type {
  ComposeDeploy,
  ComposeResources,
  ComposeRestartPolicy,
  ComposeUpdateConfig,
} from './compose-types.ts';
import { type DecodeContext, readCount } from './decode-context.ts';
import {
  dropUndefined,
  readDuration,
  readList,
  readMap,
  readNumber,
  readStrings,
  readText,
  readTexts,
} from './decode-values.ts';
import { parseSize } from './parse-size.ts';
import type { YamlMap, YamlValue } from './yaml-value.ts';

/** The `deploy` of a service; one that isn't there is an empty one. */
export function decodeDeploy(
  value: YamlValue | undefined,
  at: ComposePath,
  context: DecodeContext,
): ComposeDeploy {
  const source = readMap(value) ?? {};
  const placement = readMap(source.placement) ?? {};
  const resources = readMap(source.resources) ?? {};
  const inPlacement = [...at, 'placement'];
  return dropUndefined({
    mode: readText(source.mode),
    endpointMode: readText(source.endpoint_mode),
    replicas: readCount(source.replicas, [...at, 'replicas'], context),
    labels: readTexts(source.labels),
    updateConfig: decodeUpdate(source.update_config, [...at, 'update_config'], context),
    rollbackConfig: decodeUpdate(source.rollback_config, [...at, 'rollback_config'], context),
    limits: decodeResources(resources.limits, [...at, 'resources', 'limits'], context),
    reservations: decodeResources(resources.reservations, [...at, 'resources', 'reservations'], context),
    restartPolicy: decodeRestartPolicy(source.restart_policy, [...at, 'restart_policy'], context),
    constraints: readStrings(placement.constraints),
    preferences: readList(placement.preferences)?.map((one) => readText(readMap(one)?.spread)),
    maxReplicas:
      readCount(placement.max_replicas_per_node, [...inPlacement, 'max_replicas_per_node'], context) ?? 0,
  }) as ComposeDeploy;
}

function decodeUpdate(
  value: YamlValue | undefined,
  at: ComposePath,
  context: DecodeContext,
): ComposeUpdateConfig | undefined {
  const source = readMap(value);
  if (!source) return undefined;
  return dropUndefined({
    parallelism: readCount(source.parallelism, [...at, 'parallelism'], context),
    delay: readDuration(source.delay) ?? 0,
    failureAction: readText(source.failure_action),
    monitor: readDuration(source.monitor) ?? 0,
    maxFailureRatio: readNumber(source.max_failure_ratio) ?? 0,
    order: readText(source.order),
  }) as ComposeUpdateConfig;
}

function decodeResources(
  value: YamlValue | undefined,
  at: ComposePath,
  context: DecodeContext,
): ComposeResources | undefined {
  const source = readMap(value);
  if (!source) return undefined;
  return dropUndefined({
    cpus: readText(source.cpus),
    memory: decodeMemory(source.memory, [...at, 'memory'], context),
    pids: readCount(source.pids, [...at, 'pids'], context, { least: -1 }) ?? 0,
    generic: readList(source.generic_resources)?.map((one, index) =>
      decodeGeneric(readMap(one) ?? {}, [...at, 'generic_resources', index], context),
    ),
  }) as ComposeResources;
}

function decodeMemory(value: YamlValue | undefined, at: ComposePath, { report }: DecodeContext): number {
  if (typeof value !== 'string') return 0;
  const bytes = parseSize(value);
  if (typeof bytes === 'number') return bytes;
  report.problem(at, bytes.message, 'write bytes or a size such as 64M or 1.5G');
  return 0;
}

function decodeGeneric(
  source: YamlMap,
  at: ComposePath,
  context: DecodeContext,
): { kind: string; value: number } | null {
  const spec = readMap(source.discrete_resource_spec);
  if (!spec) return null;
  const value = readCount(spec.value, [...at, 'discrete_resource_spec', 'value'], context) ?? 0;
  return { kind: readText(spec.kind), value };
}

function decodeRestartPolicy(
  value: YamlValue | undefined,
  at: ComposePath,
  context: DecodeContext,
): ComposeRestartPolicy | undefined {
  const source = readMap(value);
  if (!source) return undefined;
  return dropUndefined({
    condition: readText(source.condition),
    delay: readDuration(source.delay),
    maxAttempts: readCount(source.max_attempts, [...at, 'max_attempts'], context),
    window: readDuration(source.window),
  }) as ComposeRestartPolicy;
}
