/** One service of a checked compose file, its short and long notations made one. */
import type { ComposePath } from './compose-document.ts';
import type {
  ComposeHealthcheck,
  ComposeLogging,
  ComposeService,
  ComposeServiceNetwork,
} from './compose-types.ts';
import { newRecord } from './compose-types.ts';
import { decodeBuild } from './decode-build.ts';
import { type DecodeContext, readCount } from './decode-context.ts';
import { decodeDeploy } from './decode-deploy.ts';
import { decodeEnvironment } from './decode-environment.ts';
import { decodeMounts } from './decode-mounts.ts';
import { decodePorts } from './decode-ports.ts';
import {
  dropUndefined,
  readDuration,
  readFlag,
  readList,
  readMap,
  readStrings,
  readText,
  readTexts,
} from './decode-values.ts';
import { splitCommand } from './split-command.ts';
import { printScalar } from './yaml-scalar.ts';
import { describeType, isMap, type YamlMap, type YamlValue } from './yaml-value.ts';

export function decodeService(name: string, source: YamlMap, context: DecodeContext): ComposeService {
  const at = (...steps: (string | number)[]): ComposePath => ['services', name, ...steps];
  const text = (key: string) => readText(source[key]);
  return dropUndefined({
    name,
    image: text('image'),
    build: decodeBuild(source.build, context),
    command: decodeCommand(source.command, at('command'), context),
    entrypoint: decodeCommand(source.entrypoint, at('entrypoint'), context),
    environment: decodeEnvironment(source, at(), context),
    labels: readTexts(source.labels),
    hostname: text('hostname'),
    user: text('user'),
    workingDir: text('working_dir'),
    stopSignal: text('stop_signal'),
    isolation: text('isolation'),
    restart: text('restart'),
    stopGracePeriod: readDuration(source.stop_grace_period),
    init: typeof source.init === 'boolean' ? source.init : undefined,
    readOnly: readFlag(source.read_only),
    tty: readFlag(source.tty),
    stdinOpen: readFlag(source.stdin_open),
    capAdd: readStrings(source.cap_add),
    capDrop: readStrings(source.cap_drop),
    dns: readStrings(source.dns),
    dnsSearch: readStrings(source.dns_search),
    dependsOn: readStrings(source.depends_on),
    extraHosts: decodeExtraHosts(source.extra_hosts, at('extra_hosts'), context),
    sysctls: readTexts(source.sysctls),
    ulimits: decodeUlimits(source.ulimits, at('ulimits'), context),
    credentialSpec: decodeCredentialSpec(source.credential_spec),
    healthcheck: decodeHealthcheck(source.healthcheck, at('healthcheck'), context),
    logging: decodeLogging(source.logging),
    networks: decodeNetworks(source.networks),
    ports: decodePorts(source.ports, at('ports'), context),
    mounts: decodeMounts(source.volumes, at('volumes'), context),
    secrets: decodeReferences(source.secrets, at('secrets'), context),
    configs: decodeReferences(source.configs, at('configs'), context),
    deploy: decodeDeploy(source.deploy, at('deploy'), context),
  }) as ComposeService;
}

function decodeCommand(
  value: YamlValue | undefined,
  at: ComposePath,
  { report }: DecodeContext,
): string[] | undefined {
  if (typeof value !== 'string') return readStrings(value);
  const words = splitCommand(value);
  if (Array.isArray(words)) return words;
  report.problem(at, words.message, 'write the command as a list, or mend the quotes');
  return [];
}

/** `host:address`; of a list the order stays, a mapping is sorted. */
function decodeExtraHosts(
  value: YamlValue | undefined,
  at: ComposePath,
  { report }: DecodeContext,
): string[] | undefined {
  const entries: string[] = [];
  if (isMap(value)) {
    for (const [host, address] of Object.entries(value)) {
      if (typeof address === 'string') entries.push(`${host}:${address}`);
      else if (address !== null)
        report.problem(
          [...at, host],
          `expected an address, found ${describeType(address)} ${printScalar(address)}`,
        );
    }
    entries.sort();
  } else if (Array.isArray(value)) {
    for (const [index, one] of value.entries()) {
      const entry = String(one);
      const separator = entry.includes('=') ? entry.indexOf('=') : entry.indexOf(':');
      if (separator < 0)
        report.warn([...at, index], `${entry} names no address and is ignored; write host:address`);
      else entries.push(`${entry.slice(0, separator)}:${entry.slice(separator + 1)}`);
    }
  } else return undefined;
  return entries.map((entry) => entry.replace(/^([^:]*):\[(.+)\]$/s, '$1:$2'));
}

function decodeUlimits(
  value: YamlValue | undefined,
  at: ComposePath,
  context: DecodeContext,
): Record<string, { soft: number; hard: number }> | undefined {
  if (!isMap(value)) return undefined;
  const ulimits = newRecord<{ soft: number; hard: number }>();
  const count = (one: YamlValue | undefined, path: ComposePath) =>
    readCount(one, path, context, { least: Number.MIN_SAFE_INTEGER }) ?? 0;
  for (const [name, one] of Object.entries(value)) {
    if (isMap(one)) {
      const pair = {
        soft: count(one.soft, [...at, name, 'soft']),
        hard: count(one.hard, [...at, name, 'hard']),
      };
      ulimits[name] = pair;
    } else {
      const single = count(one, [...at, name]);
      if (typeof one === 'number')
        context.report.problem([...at, name], `expected an integer, found the number ${printScalar(one)}.0`);
      ulimits[name] = { soft: single, hard: single };
    }
  }
  return ulimits;
}

function decodeCredentialSpec(value: YamlValue | undefined): ComposeService['credentialSpec'] {
  const source = readMap(value) ?? {};
  return {
    config: readText(source.config),
    file: readText(source.file),
    registry: readText(source.registry),
  };
}

function decodeHealthcheck(
  value: YamlValue | undefined,
  at: ComposePath,
  context: DecodeContext,
): ComposeHealthcheck | undefined {
  const source = readMap(value);
  if (!source) return undefined;
  return dropUndefined({
    test: typeof source.test === 'string' ? ['CMD-SHELL', source.test] : readStrings(source.test),
    interval: readDuration(source.interval),
    timeout: readDuration(source.timeout),
    startPeriod: readDuration(source.start_period),
    startInterval: readDuration(source.start_interval),
    retries: readCount(source.retries, [...at, 'retries'], context),
    disable: readFlag(source.disable),
  }) as ComposeHealthcheck;
}

function decodeLogging(value: YamlValue | undefined): ComposeLogging | undefined {
  const source = readMap(value);
  if (!source) return undefined;
  return dropUndefined({
    driver: readText(source.driver),
    options: readTexts(source.options),
  }) as ComposeLogging;
}

function decodeNetworks(value: YamlValue | undefined): ComposeService['networks'] {
  const networks = newRecord<ComposeServiceNetwork | null>();
  if (Array.isArray(value)) for (const one of value) networks[String(one)] = null;
  else if (isMap(value))
    for (const [name, one] of Object.entries(value)) {
      const source = readMap(one);
      networks[name] = source
        ? (dropUndefined({
            aliases: readStrings(source.aliases),
            driverOpts: readTexts(source.driver_opts),
          }) as ComposeServiceNetwork)
        : null;
    }
  else return undefined;
  return networks;
}

function decodeReferences(
  value: YamlValue | undefined,
  at: ComposePath,
  context: DecodeContext,
): ComposeService['secrets'] {
  return readList(value)?.map((one, index) => {
    const source = readMap(one) ?? { source: one };
    return dropUndefined({
      source: readText(source.source),
      target: readText(source.target),
      uid: readText(source.uid),
      gid: readText(source.gid),
      mode: readCount(source.mode, [...at, index, 'mode'], context, { most: 0xffff_ffff }),
    }) as NonNullable<ComposeService['secrets']>[number];
  });
}
