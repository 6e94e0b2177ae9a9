/** Which object of the swarm each name in the compose file stands for. Pure. */
import { createHmac } from 'node:crypto';
import type { Problem } from '../errors.ts';
import { findNearestWord } from '../input/nearest-word.ts';
import type { EarlierPlans } from '../plan/layer.ts';
import { type RotationRecord, readRotationLabels } from '../secrets/rotation-record.ts';
import type { ObjectNames } from './action.ts';
import type { NamedObject, StackDefinition } from './definition.ts';
import type { ConfigSpec, SecretSpec, ServiceSpec } from './engine-types.ts';
import { stackNamespaceLabel } from './engine-types.ts';
import { type PinnedImage, readPinnedImages } from './image-digests.ts';
import type { ObservedConfig, ObservedSecret, StackObserved } from './observed.ts';
import { placeNetwork } from './order-stacks.ts';

/** Labels of the secrets that come from the secrets file. */
export const secretLabel = 'kawanan.secret';
const secretVersionLabel = 'kawanan.secret.version';
/** Labels of later versions of configs and secrets that the compose file itself defines. */
export const fileVersionOfLabel = 'kawanan.version-of';
export const fileVersionLabel = 'kawanan.version';
/** Keyed hash of what a secret of the compose file was made of: the engine never gives the data back. */
export const fileFingerprintLabel = 'kawanan.file-fingerprint';
/** Config that holds the key of every fingerprint. */
export const fingerprintKeyName = 'kawanan.fingerprint-key';

/** Behind the name of a secret's file: the file with a second key that is accepted beside it. */
const acceptedSuffix = '.accepted';

/** A config or secret of the compose file: the object that holds it, or the one to make. */
export interface FileObject {
  key: string;
  /** Name that services refer to. */
  name: string;
  objectName: string;
  /** Absent: to be created. */
  observed?: ObservedConfig | ObservedSecret;
  /** An older version exists. */
  changed: boolean;
}

export interface References {
  names: ObjectNames;
  configs: FileObject[];
  secrets: FileObject[];
  problems: Problem[];
  warnings: string[];
}

/** Finds the object for every config and secret; what is nowhere is a problem with its next step. */
export function resolveReferences(
  definition: StackDefinition,
  observed: StackObserved,
  earlier: EarlierPlans,
): References {
  const problems: Problem[] = [];
  const warnings: string[] = [];
  const key = readFingerprintKey(observed.configs);
  const configs = definition.configs.map((config) =>
    findVersion(config, observed.configs, (candidate) => sameConfig(candidate.Spec, config.spec)),
  );
  const secrets = definition.secrets.map((secret) =>
    findVersion(secret, observed.secrets, (candidate) => {
      const told = candidate.Spec.Labels?.[fileFingerprintLabel];
      if (told === undefined || key === undefined) {
        warnings.push(
          `secret ${candidate.Spec.Name} was not made by kawanan: whether ${secret.key} changed can't be told`,
        );
        return true;
      }
      return told === fingerprintFile(key, secret.spec);
    }),
  );
  for (const object of [...configs, ...secrets]) {
    const owner = object.observed?.Spec.Labels?.[stackNamespaceLabel];
    if (object.observed && owner !== definition.name) {
      problems.push({
        file: definition.file,
        message: `${object.objectName} exists already and belongs to ${owner ? `the stack ${owner}` : 'no stack'}`,
        next: `say \`external: true\` for ${object.key} to use it, or give yours another name`,
      });
    }
  }
  const planned = readPlannedSecrets(earlier);
  const secretNames = Object.fromEntries(secrets.map(({ name, objectName }) => [name, objectName]));
  const rotations = new Map(readRotations(observed).map((rotation) => [rotation.secret, rotation]));
  const accepted: Record<string, string> = {};
  for (const name of definition.external.secrets) {
    const rotation = rotations.get(name);
    if (rotation) {
      secretNames[name] = rotation.serving;
      if (rotation.accepted !== undefined) accepted[name] = rotation.accepted;
      continue;
    }
    const objectName = planned.get(name) ?? findNewestSecret(name, observed.secrets);
    if (objectName !== undefined) secretNames[name] = objectName;
    else problems.push(missing('secret', name, observed.secrets.map(nameOf), definition));
  }
  const configNames = Object.fromEntries(configs.map(({ name, objectName }) => [name, objectName]));
  for (const name of definition.external.configs) {
    if (observed.configs.some((config) => config.Spec.Name === name)) configNames[name] = name;
    else problems.push(missing('config', name, observed.configs.map(nameOf), definition));
  }
  const pinned = definition.pinned ?? { configs: {}, secrets: {} };
  for (const [type, names, all, into] of [
    ['config', pinned.configs, observed.configs, configNames],
    ['secret', pinned.secrets, observed.secrets, secretNames],
  ] as const) {
    for (const [name, objectName] of Object.entries(names)) {
      into[name] = objectName;
      if (all.some((object) => object.Spec.Name === objectName)) continue;
      problems.push({
        file: definition.file,
        path: `${type}s.${name}`,
        message: `the ${type} ${objectName} is gone from the swarm`,
        next: 'choose another one of `kawanan history`, or deploy the compose file: it makes what is missing',
      });
    }
  }
  const comingNetworks = readPlannedNetworks(earlier);
  for (const name of definition.external.networks) {
    if (['host', 'bridge', 'none', 'default'].includes(name) || comingNetworks.has(name)) continue;
    if (!observed.networks.some((network) => network.Name === name && network.Scope === 'swarm'))
      problems.push(missingNetwork(name, definition, observed));
  }
  const images = readPinnedImages(observed.images);
  const names: ObjectNames = {
    secrets: secretNames,
    configs: configNames,
    ...(Object.keys(images).length > 0 && { images }),
    ...(Object.keys(accepted).length > 0 && { accepted }),
  };
  return { names, configs, secrets, problems, warnings };
}

/** The spec with its configs and secrets by the names of the objects that hold them, ids left empty; its image pinned. */
export function nameObjects(spec: ServiceSpec, names: ObjectNames): ServiceSpec {
  const container = { ...spec.TaskTemplate.ContainerSpec };
  if (container.Secrets)
    container.Secrets = container.Secrets.flatMap((reference) => {
      const named = (SecretName: string, suffix = '') => ({
        ...reference,
        ...(reference.File && { File: { ...reference.File, Name: `${reference.File.Name}${suffix}` } }),
        SecretID: '',
        SecretName,
      });
      const accepted = names.accepted?.[reference.SecretName];
      return [
        named(names.secrets[reference.SecretName] ?? reference.SecretName),
        ...(accepted === undefined ? [] : [named(accepted, acceptedSuffix)]),
      ];
    });
  if (container.Configs)
    container.Configs = container.Configs.map((reference) => ({
      ...reference,
      ConfigID: '',
      ConfigName: names.configs[reference.ConfigName] ?? reference.ConfigName,
    }));
  const task = { ...spec.TaskTemplate, ContainerSpec: container };
  const pinned = names.images?.[container.Image];
  return { ...spec, TaskTemplate: pinned ? applyPinnedImage(task, pinned) : task };
}

/** The task with its image as the registry told it. */
export function applyPinnedImage(
  task: ServiceSpec['TaskTemplate'],
  { image, platforms }: PinnedImage,
): ServiceSpec['TaskTemplate'] {
  return {
    ...task,
    ContainerSpec: { ...task.ContainerSpec, Image: image },
    ...(platforms.length > 0 && { Placement: { ...task.Placement, Platforms: platforms } }),
  };
}

/** A keyed hash of a secret that the compose file defines; the same for the same name, data and template driver. */
export function fingerprintFile(key: Buffer, spec: SecretSpec): string {
  const text = JSON.stringify([
    'file',
    spec.Name,
    spec.Data ?? '',
    spec.Driver ?? null,
    spec.Templating ?? null,
  ]);
  return createHmac('sha256', key).update(text).digest('hex');
}

/** The key of all fingerprints, as the swarm keeps it; `undefined` before the first secret. */
export function readFingerprintKey(configs: ObservedConfig[]): Buffer | undefined {
  const config = configs.find((candidate) => candidate.Spec.Name === fingerprintKeyName);
  return config?.Spec.Data === undefined ? undefined : Buffer.from(config.Spec.Data, 'base64');
}

/** Rotations under way whose versions are both there; of any other the record means nothing. */
function readRotations({ configs, secrets }: StackObserved): RotationRecord[] {
  const present = new Set(secrets.map(nameOf));
  return configs
    .flatMap(({ Spec }) => readRotationLabels(Spec.Labels ?? {}) ?? [])
    .filter(({ serving, accepted }) => present.has(serving) && (!accepted || present.has(accepted)));
}

/** What the secrets layer is about to create, by the name that services know. */
function readPlannedSecrets(earlier: EarlierPlans): Map<string, string> {
  const planned = new Map<string, string>();
  for (const { action } of earlier.get('secrets')?.changes ?? []) {
    const { secret, objectName } = (action ?? {}) as { secret?: unknown; objectName?: unknown };
    if (typeof secret === 'string' && typeof objectName === 'string') planned.set(secret, objectName);
  }
  return planned;
}

/** The networks that stacks which come first are about to make. */
function readPlannedNetworks(earlier: EarlierPlans): ReadonlySet<string> {
  const changes = [...earlier.values()]
    .filter(({ layer }) => layer === 'stack')
    .flatMap((plan) => plan.changes);
  return new Set(
    changes
      .filter(({ kind, object }) => object.type === 'network' && kind !== 'remove')
      .map(({ object }) => object.name),
  );
}

function missingNetwork(name: string, definition: StackDefinition, { networks }: StackObserved): Problem {
  const maker = definition.networksOfOthers?.[name];
  const place = placeNetwork(definition, name);
  if (maker === undefined)
    return {
      ...missing(
        'network',
        name,
        networks.map((network) => network.Name),
        definition,
      ),
      ...place,
    };
  return {
    ...place,
    message: `the network ${name} is made by the stack ${maker}, which isn't deployed`,
    next: `deploy both: kawanan deploy ${maker} ${definition.name}`,
  };
}

/** The newest version of a secret by its labels; failing that, the secret of exactly that name. */
function findNewestSecret(name: string, secrets: ObservedSecret[]): string | undefined {
  const versions = secrets
    .filter((secret) => secret.Spec.Labels?.[secretLabel] === name)
    .sort((a, b) => readVersion(b, secretVersionLabel) - readVersion(a, secretVersionLabel));
  return versions[0]?.Spec.Name ?? secrets.find((secret) => secret.Spec.Name === name)?.Spec.Name;
}

/** The newest version that holds what is wanted; otherwise the name of the next one: NAME, NAME.v2, NAME.v3. */
function findVersion<Spec extends ConfigSpec | SecretSpec, Observed extends ObservedConfig | ObservedSecret>(
  wanted: NamedObject<Spec>,
  all: Observed[],
  holdsIt: (candidate: Observed) => boolean,
): FileObject {
  const name = wanted.spec.Name;
  const versions = all
    .filter(({ Spec }) => Spec.Name === name || Spec.Labels?.[fileVersionOfLabel] === name)
    .sort((a, b) => readVersion(b, fileVersionLabel) - readVersion(a, fileVersionLabel));
  const found = versions.find(holdsIt);
  if (found) return { key: wanted.key, name, objectName: found.Spec.Name, observed: found, changed: false };
  const next =
    versions[0] === undefined ? name : `${name}.v${readVersion(versions[0], fileVersionLabel) + 1}`;
  return { key: wanted.key, name, objectName: next, changed: versions.length > 0 };
}

function readVersion(object: ObservedConfig | ObservedSecret, label: string): number {
  return Number(object.Spec.Labels?.[label] ?? 1) || 1;
}

function sameConfig(a: ConfigSpec, b: ConfigSpec): boolean {
  return (a.Data ?? '') === (b.Data ?? '') && (a.Templating?.Name ?? '') === (b.Templating?.Name ?? '');
}

const nameOf = (object: ObservedConfig | ObservedSecret): string => object.Spec.Name;

function missing(
  type: 'secret' | 'config' | 'network',
  name: string,
  known: string[],
  definition: StackDefinition,
): Problem {
  const nearest = findNearestWord(name, known);
  const source =
    type === 'secret'
      ? `give ${name} a source in the secrets file, or make it with \`docker secret create ${name} -\``
      : type === 'config'
        ? `make it with \`docker config create ${name} FILE\`, or give it a \`file:\` instead of \`external: true\``
        : `make it with \`docker network create --driver overlay ${name}\`, or take \`external: true\` away`;
  return {
    file: definition.file,
    path: `${type}s.${name}`,
    message: `the ${type} ${name} is external, and the swarm has none of that name`,
    next: nearest === undefined ? source : `did you mean ${JSON.stringify(nearest)}? Otherwise ${source}`,
  };
}
