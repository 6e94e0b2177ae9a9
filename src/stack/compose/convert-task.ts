/** The parts of a service that say where, how often and how carefully its tasks run: one small function a field. */
import type { RestartPolicy, ServiceSpec, UpdateConfig } from '../engine-types.ts';
import type { ComposePath } from './compose-document.ts';
import type { ComposeResources, ComposeService, ComposeUpdateConfig } from './compose-types.ts';
import { type ConvertContext, omitEmpty, omitEmptyMap } from './convert-context.ts';
import { dropUndefined } from './decode-values.ts';
import { parseCpus } from './parse-size.ts';

type Task = ServiceSpec['TaskTemplate'];

/** A countable thing of a node, such as a graphics processor. */
interface DiscreteResource {
  Kind: string;
  Value: number;
}

export function convertMode(
  { name, deploy }: ComposeService,
  { report }: ConvertContext,
): NonNullable<ServiceSpec['Mode']> {
  const { mode, replicas } = deploy;
  const at = ['services', name, 'deploy', 'mode'];
  const counted = replicas === undefined ? {} : { Replicas: replicas };
  if (mode === '' || mode === 'replicated') return { Replicated: counted };
  if (mode === 'replicated-job')
    return {
      ReplicatedJob: replicas === undefined ? {} : { MaxConcurrent: replicas, TotalCompletions: replicas },
    };
  if (mode !== 'global' && mode !== 'global-job')
    report.problem(
      at,
      `${JSON.stringify(mode)} is no mode of a service`,
      'one of replicated, global, replicated-job, global-job',
    );
  else if (replicas !== undefined)
    report.problem(
      ['services', name, 'deploy', 'replicas'],
      `a service of mode ${mode} has no replicas: it runs once on every node`,
      'remove replicas, or use mode replicated',
    );
  return mode === 'global-job' ? { GlobalJob: {} } : { Global: {} };
}

export function convertResources(
  { name, deploy }: ComposeService,
  context: ConvertContext,
): NonNullable<Task['Resources']> {
  const at = ['services', name, 'deploy', 'resources'];
  const convert = (resources: ComposeResources | undefined, key: string) =>
    resources && {
      ...omitEmpty({
        NanoCPUs: convertCpus(resources.cpus, [...at, key, 'cpus'], context),
        MemoryBytes: resources.memory,
      }),
    };
  const limits = convert(deploy.limits, 'limits');
  const reservations = convert(deploy.reservations, 'reservations');
  const generic = (deploy.reservations?.generic ?? []).map((spec) =>
    spec
      ? { DiscreteResourceSpec: omitEmpty({ Kind: spec.kind, Value: spec.value }) as DiscreteResource }
      : {},
  );
  return dropUndefined({
    Limits: limits && { ...limits, ...omitEmpty({ Pids: deploy.limits?.pids }) },
    Reservations: reservations && { ...reservations, ...omitEmpty({ GenericResources: generic }) },
  }) as NonNullable<Task['Resources']>;
}

function convertCpus(text: string, at: ComposePath, { report }: ConvertContext): number {
  if (text === '') return 0;
  const cpus = parseCpus(text);
  if (typeof cpus === 'number') return cpus;
  report.problem(at, cpus.message, 'write it as "0.5" or "2"');
  return 0;
}

/** `deploy.restart_policy`; without it what `restart` of older formats asks for. */
export function convertRestartPolicy(
  service: ComposeService,
  context: ConvertContext,
): RestartPolicy | undefined {
  const policy = service.deploy.restartPolicy;
  if (!policy) return convertRestart(service, context);
  return dropUndefined({
    ...omitEmpty({ Condition: policy.condition }),
    Delay: policy.delay,
    MaxAttempts: policy.maxAttempts,
    Window: policy.window,
  }) as RestartPolicy;
}

function convertRestart(
  { name, restart }: ComposeService,
  { report }: ConvertContext,
): RestartPolicy | undefined {
  const at = ['services', name, 'restart'];
  const [policy = '', ...counts] = restart.split(':');
  const count = counts.join(':');
  if (count !== '' && !/^\+?\d{1,15}$/.test(count))
    report.problem(at, `${JSON.stringify(count)} is not a number of attempts`, 'write on-failure:3');
  if (restart === '' || policy === 'no') return undefined;
  if (policy !== 'on-failure' && count !== '')
    report.warn(at, `the number of attempts is ignored with ${policy}`);
  if (policy === 'always' || policy === 'unless-stopped') return { Condition: 'any' };
  if (policy === 'on-failure') return { Condition: 'on-failure', MaxAttempts: Number(count || 0) };
  report.problem(
    at,
    `${JSON.stringify(restart)} is no restart policy`,
    'write deploy.restart_policy with condition: any, on-failure or none',
  );
  return undefined;
}

export function convertPlacement({ deploy }: ComposeService): NonNullable<Task['Placement']> {
  const preferences = (deploy.preferences ?? []).map((spread) => ({ Spread: { SpreadDescriptor: spread } }));
  return omitEmpty({
    Constraints: deploy.constraints,
    Preferences: preferences,
    MaxReplicas: deploy.maxReplicas,
  });
}

export function convertLogDriver({ logging }: ComposeService): Task['LogDriver'] | undefined {
  if (!logging) return undefined;
  return dropUndefined({
    Name: logging.driver || undefined,
    Options: omitEmptyMap(logging.options),
  }) as NonNullable<Task['LogDriver']>;
}

export function convertUpdateConfig(config: ComposeUpdateConfig | undefined): UpdateConfig | undefined {
  if (!config) return undefined;
  return {
    Parallelism: config.parallelism ?? 1,
    ...omitEmpty({ Delay: config.delay, FailureAction: config.failureAction, Monitor: config.monitor }),
    MaxFailureRatio: roundToSingle(config.maxFailureRatio),
    Order: config.order,
  };
}

/** The engine keeps the ratio in 32 bits: the shortest number that reads back as the same 32-bit one. */
function roundToSingle(value: number): number {
  const single = Math.fround(value);
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(single.toPrecision(digits));
    if (Math.fround(short) === single) return short;
  }
  return single;
}

export function convertEndpoint(service: ComposeService): NonNullable<ServiceSpec['EndpointSpec']> {
  const mode = service.deploy.endpointMode.toLowerCase();
  const ports = (service.ports ?? [])
    .toSorted((a, b) => a.published - b.published)
    .map(
      (port) =>
        omitEmpty({
          Protocol: port.protocol,
          TargetPort: port.target,
          PublishedPort: port.published,
          PublishMode: port.mode,
        }) as { TargetPort: number },
    );
  return omitEmpty({ Mode: mode, Ports: ports });
}
