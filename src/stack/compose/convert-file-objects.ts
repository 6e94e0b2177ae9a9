/** Secrets and configs: those the stack makes from files, and the references of its services to any of them. */
import type { NamedObject } from '../definition.ts';
import type {
  ConfigReference,
  ConfigSpec,
  FileTarget,
  SecretReference,
  SecretSpec,
} from '../engine-types.ts';
import type { ComposeFileObject, ComposeFileReference, ComposeService } from './compose-types.ts';
import {
  addStackLabel,
  type ConvertContext,
  compareText,
  omitEmptyMap,
  scopeName,
} from './convert-context.ts';
import type { FileContent } from './decode-context.ts';
import { dropUndefined } from './decode-values.ts';

type Kind = 'secret' | 'config';

function listObjects(kind: Kind, { compose }: ConvertContext): Record<string, ComposeFileObject> {
  return kind === 'secret' ? compose.secrets : compose.configs;
}

/** The secrets the compose file defines itself. */
export function convertSecrets(
  context: ConvertContext,
  readFile: (path: string) => FileContent,
): NamedObject<SecretSpec>[] {
  return listOwn('secret', context).map(([key, secret]) => ({
    key,
    spec: dropUndefined({
      ...convertObject('secret', key, secret, context, readFile),
      Driver:
        secret.driver === ''
          ? undefined
          : dropUndefined({ Name: secret.driver, Options: omitEmptyMap(secret.driverOpts) }),
    }) as SecretSpec,
  }));
}

export function convertConfigs(
  context: ConvertContext,
  readFile: (path: string) => FileContent,
): NamedObject<ConfigSpec>[] {
  return listOwn('config', context).map(([key, config]) => ({
    key,
    spec: convertObject('config', key, config, context, readFile),
  }));
}

function listOwn(kind: Kind, context: ConvertContext): [string, ComposeFileObject][] {
  return Object.entries(listObjects(kind, context))
    .filter(([, one]) => !one.external)
    .sort(([a], [b]) => compareText(a, b));
}

function convertObject(
  kind: Kind,
  key: string,
  object: ComposeFileObject,
  context: ConvertContext,
  readFile: (path: string) => FileContent,
): ConfigSpec {
  const data = object.file === '' ? undefined : readContent(kind, key, object.file, context, readFile);
  return dropUndefined({
    Name: nameObject(key, object, context),
    Labels: addStackLabel(context, object.labels),
    Data: data && data.length > 0 ? Buffer.from(data).toString('base64') : undefined,
    Templating: object.templateDriver === '' ? undefined : { Name: object.templateDriver },
  }) as ConfigSpec;
}

function readContent(
  kind: Kind,
  key: string,
  file: string,
  { report }: ConvertContext,
  readFile: (path: string) => FileContent,
): Uint8Array | undefined {
  const at = [`${kind}s`, key, 'file'];
  const read = readFile(file);
  if ('failure' in read) {
    report.problem(at, `can't read ${file}: ${read.failure}`);
    return undefined;
  }
  return read.content;
}

function nameObject(key: string, object: ComposeFileObject, context: ConvertContext): string {
  return object.name || scopeName(context, key);
}

/** Sorted by the object's name, so that another order in the file doesn't restart the service. */
export function convertSecretReferences(service: ComposeService, context: ConvertContext): SecretReference[] {
  return convertReferences('secret', service, context).map(({ name, file }) => ({
    File: file,
    SecretID: '',
    SecretName: name,
  }));
}

/** With the config of a credential specification, which is used without being mounted. */
export function convertConfigReferences(service: ComposeService, context: ConvertContext): ConfigReference[] {
  const references: ConfigReference[] = convertReferences('config', service, context).map(
    ({ name, file }) => ({
      File: file,
      ConfigID: '',
      ConfigName: name,
    }),
  );
  const credential = findCredentialConfig(service, context);
  if (credential !== undefined) references.push({ ConfigID: '', ConfigName: credential, Runtime: {} });
  return references.sort((a, b) => compareText(a.ConfigName, b.ConfigName));
}

/** The name of the config that holds the credential specification. */
export function findCredentialConfig(service: ComposeService, context: ConvertContext): string | undefined {
  const key = service.credentialSpec.config;
  if (key === '') return undefined;
  const at = ['services', service.name, 'credential_spec', 'config'];
  const config = Object.hasOwn(context.compose.configs, key) ? context.compose.configs[key] : undefined;
  if (!config) {
    reportUndefined('config', key, at, context);
    return undefined;
  }
  const name = nameObject(key, config, context);
  // the real command finds it again by its key only
  if (name !== key && name !== scopeName(context, key))
    context.report.problem(
      at,
      `the config ${JSON.stringify(key)} is called ${name}, and a credential specification needs it under its own name`,
      `name the config ${name} in this file too, or remove its name:`,
    );
  return name;
}

function convertReferences(
  kind: Kind,
  service: ComposeService,
  context: ConvertContext,
): { name: string; file: FileTarget }[] {
  const section = `${kind}s` as 'secrets' | 'configs';
  const objects = listObjects(kind, context);
  const targets = new Set<string>();
  const converted: { name: string; file: FileTarget }[] = [];
  for (const [index, reference] of (service[section] ?? []).entries()) {
    const at = ['services', service.name, section, index];
    const object = Object.hasOwn(objects, reference.source) ? objects[reference.source] : undefined;
    if (!object) {
      reportUndefined(kind, reference.source, at, context);
      continue;
    }
    const file = convertTarget(reference);
    if (targets.has(file.Name))
      context.report.problem(
        at,
        `two ${section} would be mounted at ${file.Name}`,
        'give one of them another target',
      );
    targets.add(file.Name);
    converted.push({ name: nameObject(reference.source, object, context), file });
  }
  return converted.sort((a, b) => compareText(a.name, b.name) || compareText(a.file.Name, b.file.Name));
}

function reportUndefined(kind: Kind, key: string, at: (string | number)[], { report }: ConvertContext): void {
  report.problem(
    at,
    `the ${kind} ${JSON.stringify(key)} is not defined`,
    `define it under the top-level ${kind}s:`,
  );
}

function convertTarget({ source, target, uid, gid, mode }: ComposeFileReference): FileTarget {
  return { Name: target || source, UID: uid || '0', GID: gid || '0', Mode: mode ?? 0o444 };
}
