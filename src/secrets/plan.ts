/** Which secrets must be made and which old versions can go. Pure: it sees fingerprints, never values. */
import { InputError } from '../errors.ts';
import type { Change, LayerPlan } from '../plan/change.ts';
import { explainNoValue, type SourceHints } from './explain-no-value.ts';
import { areComparable } from './fingerprint.ts';
import { fingerprintKeyName, type ObservedSecret, type ObservedSecrets, secretLabels } from './observed.ts';
import type { RotationRecord } from './rotation-record.ts';

export type SecretAction =
  | { do: 'create-key' }
  /** `secret` is the name that services know, `objectName` that of the version: the stack layer reads both. */
  | { do: 'create'; secret: string; objectName: string; version: number }
  | { do: 'remove'; id: string }
  | { do: 'remove-key'; id: string }
  | { do: 'remove-rotation'; id: string };

type SecretChange = Change<SecretAction>;

export interface SecretsWish extends SourceHints {
  /** Every stack of the cluster. */
  stackNames: readonly string[];
  /** Those of them that are deployed in this run; all unless told. */
  deploying?: readonly string[];
  /** How much is known of the value of each external secret. */
  states: ReadonlyMap<string, 'value' | 'generated at up' | 'no source'>;
  /** Make a new version of a secret whose present value can't be known; otherwise it is left. */
  replaceUnknown: boolean;
  /** How many older versions stay although nothing uses them; none unless told. */
  keep?: number;
}

/**
 * Plans new secrets, new versions of changed ones, and the removal of versions that nothing uses any longer.
 *
 * @throws InputError naming every secret that has neither a source nor an object in the swarm.
 */
export function planSecrets(wish: SecretsWish, observed: ObservedSecrets): LayerPlan<SecretAction> {
  const creates: SecretChange[] = [];
  const warnings: string[] = [];
  const missing: string[] = [];
  let unchanged = 0;
  const rotating = new Map(observed.rotations.map((rotation) => [rotation.secret, rotation]));
  for (const [name, state] of wish.states) {
    const rotation = rotating.get(name);
    if (rotation) {
      // which version services have is the rotation's business until it is done
      unchanged++;
      warnings.push(explainRotation(rotation));
      continue;
    }
    const newest = findNewestVersion(name, observed.secrets);
    const verdict = judge(name, state, newest, wish, observed);
    if (verdict === 'missing') missing.push(name);
    else if (verdict === 'same') unchanged++;
    else if ('note' in verdict) {
      unchanged++;
      warnings.push(verdict.note);
    } else {
      creates.push(planVersion(name, newest?.version ?? 0, observed, state));
      warnings.push(...verdict.warnings, ...warnOfOthers(name, newest, wish));
    }
  }
  if (missing.length > 0) throw new InputError(missing.map((name) => explainNoValue(name, wish, true)));
  const key = creates.length > 0 && observed.keyConfigId === undefined ? [planKey()] : [];
  for (const change of creates) change.after = key.map((one) => one.id);
  const changes = [...key, ...creates, ...planCollection(wish.stackNames, observed, wish.keep)];
  return { layer: 'secrets', changes, unchanged, warnings };
}

function explainRotation({ secret, phase, due, by, since }: RotationRecord): string {
  return phase === 'retiring' && due !== undefined
    ? `${secret}: services use the new value, the old one is accepted until ${due}`
    : `${secret} is being rotated (${phase}, since ${since} by ${by}); up and deploy finish that first`;
}

type Verdict = 'same' | 'missing' | { note: string } | { warnings: string[] };

function judge(
  name: string,
  state: 'value' | 'generated at up' | 'no source',
  newest: Version | undefined,
  wish: SecretsWish,
  observed: ObservedSecrets,
): Verdict {
  if (!newest) return state === 'no source' ? 'missing' : { warnings: [] };
  if (state === 'no source') return 'same';
  if (state === 'generated at up')
    return {
      warnings: [
        `the swarm has ${name} already, but the secrets file says generate: it gets a new value, and services that use it restart. To keep the present one, put its value into the secrets file`,
      ],
    };
  const present = newest.secret.labels[secretLabels.fingerprint];
  const wanted = observed.wantedFingerprints[name];
  if (areComparable(present, wanted)) return present === wanted ? 'same' : { warnings: warnOfChange(name) };
  if (wish.replaceUnknown) return { warnings: warnOfChange(name) };
  return {
    note:
      present === undefined
        ? `${newest.secret.name} was not made by kawanan: whether it holds the value of the secrets file can't be known, so it is used as it is`
        : `the key that ${newest.secret.name} was made with is gone, so whether it holds the value of the secrets file can't be known: it is used as it is`,
  };
}

export interface Version {
  secret: ObservedSecret;
  version: number;
}

/** By label; a secret of just that name without our labels is the first version. Never by the beginning of a name. */
export function findNewestVersion(name: string, secrets: readonly ObservedSecret[]): Version | undefined {
  return secrets
    .filter((secret) => (secret.labels[secretLabels.secret] ?? secret.name) === name)
    .map((secret) => ({ secret, version: readVersion(secret) }))
    .sort((a, b) => b.version - a.version)[0];
}

/** Its number; a secret made by hand is the first. */
export function readVersion(secret: ObservedSecret): number {
  return Number(secret.labels[secretLabels.version] ?? 1) || 1;
}

function planVersion(
  name: string,
  newestVersion: number,
  observed: ObservedSecrets,
  state: 'value' | 'generated at up' | 'no source',
): SecretChange {
  const { version, objectName } = nameNextVersion(name, newestVersion, observed.secrets);
  const first = newestVersion === 0;
  // what is known of a value is that it is there, which goes without saying
  const fields = state === 'generated at up' ? [{ path: 'value', after: 'a value that up generates' }] : [];
  return {
    id: `secret:${objectName}`,
    layer: 'secrets',
    kind: 'create',
    object: { type: 'secret', name },
    title: first ? 'create' : `create version ${version}, as the value changed`,
    fields,
    ...(!first && { interrupts: 'the services that use it restart when the stack is deployed' }),
    undo: first ? 'removing it' : 'the version before stays as long as a service, or its rollback, uses it',
    after: [],
    action: { do: 'create', secret: name, objectName, version },
  };
}

/** The version after the newest one, with a name that is free. */
export function nameNextVersion(
  name: string,
  newestVersion: number,
  secrets: readonly ObservedSecret[],
): { version: number; objectName: string } {
  const taken = new Set(secrets.map((secret) => secret.name));
  let version = newestVersion + 1;
  while (taken.has(versionName(name, version))) version++;
  return { version, objectName: versionName(name, version) };
}

/** The first version has the name alone. */
function versionName(name: string, version: number): string {
  return version === 1 ? name : `${name}.v${version}`;
}

function planKey(): SecretChange {
  return {
    id: 'fingerprint-key',
    layer: 'secrets',
    kind: 'create',
    object: { type: 'config', name: fingerprintKeyName },
    title: 'create the key by which changed secrets are recognised',
    fields: [],
    undo: 'removing it',
    after: [],
    action: { do: 'create-key' },
  };
}

/** Older versions of ours that no service, no rollback and no running task needs, but for the newest `keep` of each. */
export function planCollection(
  stackNames: readonly string[],
  { secrets, rotations }: Pick<ObservedSecrets, 'secrets' | 'rotations'>,
  keep = 0,
): SecretChange[] {
  const rotating = new Set(rotations.map(({ secret }) => secret));
  const ours = secrets.filter(({ labels }) => stackNames.includes(labels[secretLabels.stack] ?? ''));
  const groups = Map.groupBy(ours, ({ labels }) => labels[secretLabels.secret]);
  return [...groups]
    .filter(([name]) => name !== undefined && !rotating.has(name))
    .flatMap(([name, versions]) => {
      const newest = findNewestVersion(name!, secrets)?.secret.id;
      const older = versions.filter(({ id }) => id !== newest);
      return older.toSorted((a, b) => readVersion(b) - readVersion(a)).slice(keep);
    })
    .filter((secret) => secret.services.length === 0 && !secret.inRunningTask)
    .map((secret) =>
      planRemove(secret, `remove version ${readVersion(secret)}, which nothing uses any longer`),
    );
}

function planRemove(secret: ObservedSecret, title: string): SecretChange {
  return {
    id: `remove:${secret.id}`,
    layer: 'secrets',
    kind: 'remove',
    object: { type: 'secret', name: secret.name },
    title,
    fields: [{ path: 'value', before: '[secret]' }],
    after: [],
    action: { do: 'remove', id: secret.id },
  };
}

/**
 * Plans the removal of all that was made for stacks, and of what they shared with stacks of the cluster that went
 * before them; the key goes last, when no other stack needs it.
 */
export function planSecretRemoval(
  { going, stackNames }: { going: readonly string[]; stackNames: readonly string[] },
  observed: ObservedSecrets,
): LayerPlan<SecretAction> {
  const isGoing = (stack: string | undefined): boolean => stack !== undefined && going.includes(stack);
  const isGone = (stack: string): boolean =>
    stackNames.includes(stack) && observed.stacks !== undefined && !observed.stacks.includes(stack);
  const ours = observed.secrets.filter(({ labels, services }) => {
    const stack = labels[secretLabels.stack];
    return isGoing(stack) || (stack !== undefined && isGone(stack) && services.length === 0);
  });
  const foreign = (secret: ObservedSecret): string[] =>
    secret.services.filter(({ stack }) => !isGoing(stack)).map((service) => service.name);
  const removed = ours.filter((secret) => foreign(secret).length === 0);
  const changes = removed.map((secret) => planRemove(secret, 'remove'));
  const warnings = ours
    .filter((secret) => foreign(secret).length > 0)
    .map(
      (secret) => `the secret ${secret.name} stays: ${foreign(secret).join(', ')} of another stack uses it`,
    );
  const others = observed.secrets.some(
    (secret) =>
      Object.keys(secret.labels).some((label) => /^kawanan\..*fingerprint$/.test(label)) &&
      !removed.includes(secret),
  );
  for (const { secret, configId } of observed.rotations.filter(({ stack }) => isGoing(stack)))
    changes.push({
      id: `rotation:${secret}`,
      layer: 'secrets',
      kind: 'remove',
      object: { type: 'rotation', name: secret },
      title: 'forget the rotation that is under way',
      fields: [],
      after: [],
      action: { do: 'remove-rotation', id: configId },
    });
  if (observed.keyConfigId !== undefined && !others) {
    changes.push({
      id: 'fingerprint-key',
      layer: 'secrets',
      kind: 'remove',
      object: { type: 'config', name: fingerprintKeyName },
      title: 'remove the key by which changed secrets are recognised',
      fields: [],
      after: changes.map((change) => change.id),
      action: { do: 'remove-key', id: observed.keyConfigId },
    });
  }
  return { layer: 'secrets', changes, unchanged: 0, warnings };
}

/** Stacks that aren't deployed in this run have the version that they have. */
function warnOfOthers(
  name: string,
  newest: Version | undefined,
  { stackNames, deploying }: SecretsWish,
): string[] {
  const others = (newest?.secret.services ?? []).filter(
    ({ stack }) => stack !== undefined && stackNames.includes(stack) && deploying?.includes(stack) === false,
  );
  if (others.length === 0) return [];
  const stacks = [...new Set(others.map(({ stack }) => stack))].join(', ');
  return [
    `${name}: ${others.map((one) => one.name).join(', ')} keeps the version before until ${stacks} is deployed`,
  ];
}

function warnOfChange(name: string): string[] {
  // a name that opens something: what it opens has its own idea of the value
  if (!/pass|secret|key|user|token/i.test(name)) return [];
  return [
    `${name} changes for the services that read it, which restart; a database or object store that was set up with the old value still wants that one until it is changed there too`,
  ];
}
