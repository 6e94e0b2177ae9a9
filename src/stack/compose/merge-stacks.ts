/**
 * Several compose files become one, by the rules of `docker stack deploy`: whole networks, volumes, secrets and configs
 * are replaced; services are merged field by field; an empty value never overrides. Its oddities are kept, because a
 * user's files must mean the same here; `docs/compose.md` lists them.
 */
import type {
  ComposeDeploy,
  ComposeHealthcheck,
  ComposeLogging,
  ComposeResources,
  ComposeRestartPolicy,
  ComposeService,
  ComposeServiceNetwork,
  ComposeStack,
  ComposeUpdateConfig,
} from './compose-types.ts';
import { newRecord } from './compose-types.ts';
import { dropUndefined } from './decode-values.ts';
import {
  append,
  byText,
  mergeCommand,
  mergeEntries,
  mergeKeyed,
  mergeOptional,
  mergeTexts,
} from './merge-values.ts';
import type { Report } from './report.ts';

/** What was lost on the way is reported as a warning. */
export function mergeStacks(base: ComposeStack, over: ComposeStack, report: Report): ComposeStack {
  const services = { ...base.services };
  for (const [name, service] of Object.entries(over.services))
    services[name] = services[name] ? mergeService(services[name], service, report) : service;
  return {
    services,
    networks: { ...base.networks, ...over.networks },
    volumes: { ...base.volumes, ...over.volumes },
    secrets: { ...base.secrets, ...over.secrets },
    configs: { ...base.configs, ...over.configs },
  };
}

function mergeService(base: ComposeService, over: ComposeService, report: Report): ComposeService {
  const warn = (key: string, message: string) => report.warn(['services', base.name, key], message);
  return dropUndefined({
    name: base.name,
    image: over.image || base.image,
    build: over.build ?? base.build,
    command: mergeCommand(base.command, over.command),
    entrypoint: mergeCommand(base.entrypoint, over.entrypoint),
    environment: mergeEnvironment(base.environment, over.environment),
    labels: mergeTexts(base.labels, over.labels),
    hostname: over.hostname || base.hostname,
    user: over.user || base.user,
    workingDir: over.workingDir || base.workingDir,
    stopSignal: over.stopSignal || base.stopSignal,
    isolation: over.isolation || base.isolation,
    restart: over.restart || base.restart,
    stopGracePeriod: over.stopGracePeriod || (base.stopGracePeriod ?? over.stopGracePeriod),
    init: over.init || (base.init ?? over.init),
    readOnly: over.readOnly || base.readOnly,
    tty: over.tty || base.tty,
    stdinOpen: over.stdinOpen || base.stdinOpen,
    capAdd: append(base.capAdd, over.capAdd),
    capDrop: append(base.capDrop, over.capDrop),
    dns: append(base.dns, over.dns),
    dnsSearch: append(base.dnsSearch, over.dnsSearch),
    dependsOn: append(base.dependsOn, over.dependsOn),
    extraHosts: append(base.extraHosts, over.extraHosts),
    sysctls: mergeTexts(base.sysctls, over.sysctls),
    ulimits: mergeEntries(base.ulimits, over.ulimits),
    credentialSpec: {
      config: over.credentialSpec.config || base.credentialSpec.config,
      file: over.credentialSpec.file || base.credentialSpec.file,
      registry: over.credentialSpec.registry || base.credentialSpec.registry,
    },
    healthcheck: mergeOptional(base.healthcheck, over.healthcheck, (one, other) =>
      mergeHealthcheck(one, other, (message) => warn('healthcheck', message)),
    ),
    logging: mergeOptional(base.logging, over.logging, (one, other) =>
      mergeLogging(one, other, (message) => warn('logging', message)),
    ),
    networks: mergeNetworks(base.networks, over.networks),
    ports: mergeKeyed(
      base.ports,
      over.ports,
      (port) => port.published,
      (a, b) => a.published - b.published,
    ),
    mounts: mergeKeyed(
      base.mounts,
      over.mounts,
      (mount) => mount.target,
      byText((mount) => mount.target),
    ),
    secrets: mergeKeyed(
      base.secrets,
      over.secrets,
      (one) => one.source,
      byText((one) => one.source),
    ),
    configs: mergeKeyed(
      base.configs,
      over.configs,
      (one) => one.source,
      byText((one) => one.source),
    ),
    deploy: mergeDeploy(base.deploy, over.deploy),
  }) as ComposeService;
}

function mergeDeploy(base: ComposeDeploy, over: ComposeDeploy): ComposeDeploy {
  return dropUndefined({
    mode: over.mode || base.mode,
    endpointMode: over.endpointMode || base.endpointMode,
    replicas: over.replicas ?? base.replicas,
    labels: mergeTexts(base.labels, over.labels),
    updateConfig: mergeOptional(base.updateConfig, over.updateConfig, mergeUpdateConfig),
    rollbackConfig: mergeOptional(base.rollbackConfig, over.rollbackConfig, mergeUpdateConfig),
    limits: mergeOptional(base.limits, over.limits, mergeResources),
    reservations: mergeOptional(base.reservations, over.reservations, mergeResources),
    restartPolicy: mergeOptional(base.restartPolicy, over.restartPolicy, mergeRestartPolicy),
    constraints: append(base.constraints, over.constraints),
    preferences: append(base.preferences, over.preferences),
    maxReplicas: over.maxReplicas || base.maxReplicas,
  }) as ComposeDeploy;
}

function mergeUpdateConfig(base: ComposeUpdateConfig, over: ComposeUpdateConfig): ComposeUpdateConfig {
  return dropUndefined({
    parallelism: over.parallelism ?? base.parallelism,
    delay: over.delay || base.delay,
    failureAction: over.failureAction || base.failureAction,
    monitor: over.monitor || base.monitor,
    maxFailureRatio: over.maxFailureRatio || base.maxFailureRatio,
    order: over.order || base.order,
  }) as ComposeUpdateConfig;
}

function mergeResources(base: ComposeResources, over: ComposeResources): ComposeResources {
  return dropUndefined({
    cpus: over.cpus || base.cpus,
    memory: over.memory || base.memory,
    pids: over.pids || base.pids,
    generic: append(base.generic, over.generic),
  }) as ComposeResources;
}

function mergeRestartPolicy(base: ComposeRestartPolicy, over: ComposeRestartPolicy): ComposeRestartPolicy {
  return dropUndefined({
    condition: over.condition || base.condition,
    delay: over.delay || (base.delay ?? over.delay),
    maxAttempts: over.maxAttempts ?? base.maxAttempts,
    window: over.window || (base.window ?? over.window),
  }) as ComposeRestartPolicy;
}

function mergeHealthcheck(
  base: ComposeHealthcheck,
  over: ComposeHealthcheck,
  warn: (message: string) => void,
): ComposeHealthcheck {
  if (base.test?.length && over.test?.length)
    warn('docker stack deploy appends this test to that of the file before; write the test in one file only');
  return dropUndefined({
    test: append(base.test, over.test),
    interval: over.interval || (base.interval ?? over.interval),
    timeout: over.timeout || (base.timeout ?? over.timeout),
    startPeriod: over.startPeriod || (base.startPeriod ?? over.startPeriod),
    startInterval: over.startInterval || (base.startInterval ?? over.startInterval),
    retries: over.retries ?? base.retries,
    disable: over.disable || base.disable,
  }) as ComposeHealthcheck;
}

/** Options belong to their driver: another driver begins anew. */
function mergeLogging(
  base: ComposeLogging,
  over: ComposeLogging,
  warn: (message: string) => void,
): ComposeLogging {
  if (base.driver !== '' && over.driver !== '' && base.driver !== over.driver) return over;
  if (over.options && !base.options)
    warn('docker stack deploy drops these options, as the file before has none; write the options there');
  return dropUndefined({
    driver: base.driver || over.driver,
    options: base.options && mergeTexts(base.options, over.options),
  }) as ComposeLogging;
}

/** The override's aliases take the place of the base's; the driver options stay the base's. */
function mergeNetworks(
  base: ComposeService['networks'],
  over: ComposeService['networks'],
): ComposeService['networks'] {
  if (!base || !over) return over ?? base;
  const merged: Record<string, ComposeServiceNetwork | null> = Object.assign(newRecord(), base);
  for (const [name, network] of Object.entries(over)) {
    const former = merged[name];
    if (!former) merged[name] = network;
    else if (network)
      merged[name] = dropUndefined({
        aliases: network.aliases,
        driverOpts: former.driverOpts,
      }) as ComposeServiceNetwork;
  }
  return merged;
}

function mergeEnvironment(
  base: ComposeService['environment'],
  over: ComposeService['environment'],
): ComposeService['environment'] {
  if (!base || !over) return over ?? base;
  const merged = Object.assign(newRecord<string | null>(), base);
  for (const [key, value] of Object.entries(over)) if (value || !merged[key]) merged[key] = value;
  return merged;
}
