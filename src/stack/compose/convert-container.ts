/** The parts of a service that say how its containers are made: one small function a field. */
import type { ContainerSpec, HealthConfig } from '../engine-types.ts';
import type { ComposeHealthcheck, ComposeService } from './compose-types.ts';
import {
  addStackLabel,
  type ConvertContext,
  compareText,
  omitEmpty,
  omitEmptyMap,
} from './convert-context.ts';
import {
  convertConfigReferences,
  convertSecretReferences,
  findCredentialConfig,
} from './convert-file-objects.ts';
import { convertMounts } from './convert-mounts.ts';
import { dropUndefined } from './decode-values.ts';
import { completeImage } from './image-reference.ts';

export function convertContainer(service: ComposeService, context: ConvertContext): ContainerSpec {
  const capabilities = convertCapabilities(service);
  return dropUndefined({
    ...omitEmpty({
      Hostname: service.hostname,
      Dir: service.workingDir,
      User: service.user,
      StopSignal: service.stopSignal,
      Isolation: service.isolation,
      TTY: service.tty,
      OpenStdin: service.stdinOpen,
      ReadOnly: service.readOnly,
      Command: service.entrypoint,
      Args: service.command,
      Env: convertEnvironment(service),
      Hosts: convertHosts(service),
      Mounts: convertMounts(service, context),
      Secrets: convertSecretReferences(service, context),
      Configs: convertConfigReferences(service, context),
      Ulimits: convertUlimits(service),
      CapabilityAdd: capabilities.add,
      CapabilityDrop: capabilities.drop,
    }),
    Image: convertImage(service, context),
    Labels: addStackLabel(context, service.labels),
    StopGracePeriod: service.stopGracePeriod,
    Healthcheck: convertHealthcheck(service, context),
    DNSConfig: convertDns(service),
    Init: service.init,
    Sysctls: omitEmptyMap(service.sysctls),
    Privileges: convertPrivileges(service, context),
  }) as ContainerSpec;
}

function convertImage({ name, image }: ComposeService, { report }: ConvertContext): string {
  const at = ['services', name, 'image'];
  if (image === '') {
    report.problem(
      at,
      `the service ${name} has no image`,
      'name it with image: (a service with build: needs it too)',
    );
    return '';
  }
  const completed = completeImage(image);
  if ('image' in completed) return completed.image;
  report.problem(at, completed.message, completed.next);
  return '';
}

function convertEnvironment({ environment = {} }: ComposeService): string[] {
  return Object.entries(environment)
    .map(([key, value]) => (value === null ? key : `${key}=${value}`))
    .sort(compareText);
}

/** `address host`, as swarm wants them. */
function convertHosts({ extraHosts = [] }: ComposeService): string[] {
  return extraHosts.map((entry) => {
    const colon = entry.indexOf(':');
    return `${entry.slice(colon + 1)} ${entry.slice(0, colon)}`;
  });
}

function convertUlimits({ ulimits = {} }: ComposeService): { Name: string; Soft: number; Hard: number }[] {
  return Object.entries(ulimits)
    .map(([name, { soft, hard }]) => ({ Name: name, Soft: soft, Hard: hard }))
    .sort((a, b) => compareText(a.Name, b.Name));
}

function convertHealthcheck(
  { name, healthcheck }: ComposeService,
  { report }: ConvertContext,
): HealthConfig | undefined {
  if (!healthcheck) return undefined;
  if (!healthcheck.disable) return convertCheck(healthcheck);
  if (healthcheck.test?.length)
    report.problem(
      ['services', name, 'healthcheck'],
      'a health check that is disabled has no test',
      'remove test or disable',
    );
  return { Test: ['NONE'] };
}

function convertCheck(check: ComposeHealthcheck): HealthConfig {
  return omitEmpty({
    Test: check.test,
    Interval: check.interval,
    Timeout: check.timeout,
    StartPeriod: check.startPeriod,
    StartInterval: check.startInterval,
    Retries: check.retries,
  });
}

function convertDns({ dns, dnsSearch }: ComposeService): ContainerSpec['DNSConfig'] | undefined {
  if (!dns && !dnsSearch) return undefined;
  return omitEmpty({ Nameservers: dns, Search: dnsSearch });
}

/** What is added isn't dropped; ALL stands for every one. */
function convertCapabilities({ capAdd = [], capDrop = [] }: ComposeService): {
  add: string[];
  drop: string[];
} {
  const add = normaliseCapabilities(capAdd);
  const drop = normaliseCapabilities(capDrop);
  const list = (names: Set<string>) => [...names].filter((name) => name !== 'RESET').sort(compareText);
  return { add: list(add), drop: list(drop).filter((name) => !add.has(name)) };
}

function normaliseCapabilities(names: string[]): Set<string> {
  const normal = names.map((name) => {
    const upper = [...name.trim()].map(capitalise).join('');
    return upper === 'ALL' || upper === 'RESET' || upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  });
  return new Set(normal.includes('ALL') ? ['ALL'] : normal);
}

/** One letter stays one: Go knows no capitals of `ß` and `ﬁ`. */
function capitalise(letter: string): string {
  const upper = letter.toUpperCase();
  return [...upper].length === 1 ? upper : letter;
}

function convertPrivileges(
  service: ComposeService,
  context: ConvertContext,
): NonNullable<ContainerSpec['Privileges']> {
  return {
    CredentialSpec: convertCredentialSpec(service, context),
    SELinuxContext: null,
    NoNewPrivileges: false,
  };
}

function convertCredentialSpec(
  service: ComposeService,
  context: ConvertContext,
): NonNullable<ContainerSpec['Privileges']>['CredentialSpec'] {
  const { config, file, registry } = service.credentialSpec;
  const given = Object.entries({ config, file, registry }).filter(([, value]) => value !== '');
  if (given.length === 0) return null;
  if (given.length > 1)
    context.report.problem(
      ['services', service.name, 'credential_spec'],
      `a credential specification comes from one place, not from ${given.map(([key]) => key).join(' and ')}`,
      'keep one of them',
    );
  // the problem of an undefined config is reported with the references
  const name =
    config !== '' && Object.hasOwn(context.compose.configs, config) ? nameQuietly(service, context) : '';
  return { Config: name, File: file, Registry: registry };
}

function nameQuietly(service: ComposeService, context: ConvertContext): string {
  const silent = { problem: () => {}, warn: () => {} };
  return findCredentialConfig(service, { ...context, report: silent }) ?? '';
}
