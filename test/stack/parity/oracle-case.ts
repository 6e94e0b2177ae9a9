/** A recorded case of the real `docker stack deploy`: its files, and what the command sent or said. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { loadStack } from '../../../src/stack/compose/load-stack.ts';
import type { StackDefinition } from '../../../src/stack/definition.ts';
import type { ConfigReference, SecretReference, ServiceSpec } from '../../../src/stack/engine-types.ts';

export interface OracleCase {
  name: string;
  folder: string;
  files: string[];
  stack: string;
  variables: Record<string, string>;
  /** Options of the recording that need an engine; without them the case is about the files alone. */
  engineOptions: string[];
}

export interface Recorded {
  networks: unknown[];
  secrets: unknown[];
  configs: unknown[];
  services: unknown[];
  externals: { networks: string[]; secrets: string[]; configs: string[] };
}

/** Every case below a folder, or none when the folder isn't there. */
export function listCases(folder: string): OracleCase[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => readCase(name, path.join(folder, name)));
}

function readCase(name: string, folder: string): OracleCase {
  const further = readdirSync(folder).filter((file) => /^compose\.\d\.yml$/.test(file));
  const [stack, engineOptions] = readArguments(path.join(folder, 'args.txt'));
  return {
    name,
    folder,
    files: ['compose.yml', ...further.sort()].map((file) => path.join(folder, file)),
    stack,
    variables: readVariables(path.join(folder, 'vars.env')),
    engineOptions,
  };
}

function readArguments(file: string): [stack: string, others: string[]] {
  if (!existsSync(file)) return ['oracle', []];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  const at = lines.indexOf('--stack');
  if (at < 0) return ['oracle', lines];
  return [lines[at + 1] ?? '', [...lines.slice(0, at), ...lines.slice(at + 2)]];
}

/** The environment the recordings were made in. */
function readVariables(file: string): Record<string, string> {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const given = lines.filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return {
    HOME: '/home/oracle',
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ...Object.fromEntries(
      given.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    ),
  };
}

export function loadCase({ files, stack, variables }: OracleCase): Promise<StackDefinition> {
  return loadStack(files, { name: stack, variables, convertOnly: true });
}

/** What the real command sent; `undefined` where it refused the files. */
export function readRecorded({ folder }: OracleCase): Recorded | undefined {
  const file = path.join(folder, 'expected.json');
  if (!existsSync(file)) return undefined;
  const { networks, secrets, configs, services, externals } = JSON.parse(
    readFileSync(file, 'utf8'),
  ) as Recorded;
  return { networks, secrets, configs, services, externals };
}

/** Our definition in the notation of the recordings: their IDs, their order of lists, their name for the folder. */
export function toRecorded(stack: StackDefinition, folder: string): Recorded {
  const byName = (a: { Name: string }, b: { Name: string }) => (a.Name < b.Name ? -1 : 1);
  const recorded: Recorded = {
    networks: stack.networks.map(({ spec }) => spec).sort(byName),
    secrets: stack.secrets.map(({ spec }) => spec).sort(byName),
    configs: stack.configs.map(({ spec }) => spec).sort(byName),
    services: stack.services.map(({ spec }) => numberReferences(spec)).sort(byName),
    externals: stack.external,
  };
  return replaceFolder(recorded, folder) as Recorded;
}

function numberReferences(spec: ServiceSpec): ServiceSpec {
  const copy = structuredClone(spec);
  const container = copy.TaskTemplate.ContainerSpec;
  for (const secret of container.Secrets ?? []) secret.SecretID = `sec-${secret.SecretName}`;
  for (const config of container.Configs ?? []) config.ConfigID = `cfg-${config.ConfigName}`;
  const credential = container.Privileges?.CredentialSpec;
  if (credential?.Config) credential.Config = `cfg-${credential.Config}`;
  container.Secrets?.sort(byKeys<SecretReference>((one) => [one.SecretName, one.File.Name]));
  container.Configs?.sort(byKeys<ConfigReference>((one) => [one.ConfigName, one.File?.Name ?? '']));
  copy.EndpointSpec?.Ports?.sort(
    byKeys((port) => [
      port.PublishedPort ?? 0,
      port.TargetPort ?? 0,
      port.Protocol ?? '',
      port.PublishMode ?? '',
    ]),
  );
  return copy;
}

function byKeys<T>(keys: (value: T) => (string | number)[]): (a: T, b: T) => number {
  return (a, b) => {
    const others = keys(b);
    for (const [index, key] of keys(a).entries()) {
      const other = others[index] as string | number;
      if (key !== other) return key < other ? -1 : 1;
    }
    return 0;
  };
}

function replaceFolder(value: unknown, folder: string): unknown {
  const up = path.dirname(folder);
  const upper = path.dirname(up);
  const replace = (text: string) =>
    text
      .replaceAll(`${folder}/`, '{{DIR}}/')
      .replaceAll(folder, '{{DIR}}')
      .replaceAll(`${up}/`, '{{DIR}}/../')
      .replaceAll(`${upper}/`, '{{DIR}}/../../');
  if (typeof value === 'string') return replace(value);
  if (Array.isArray(value)) return value.map((one) => replaceFolder(one, folder));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replaceFolder(one, folder)]));
}
