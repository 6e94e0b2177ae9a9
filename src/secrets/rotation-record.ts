/** A rotation that is under way, as the swarm remembers it: the labels of a config, without any value. Pure. */
import { createHash } from 'node:crypto';

/**
 * How far it is. `preparing`: services have the old value, and the new one is being made valid. `accepting`: they take
 * the new one as a second key. `moving`: they move to the new one. `retiring`: all have it, and the old one is to go,
 * now or when it is due. `retired`: it is gone, and only what remembers it is left. `undoing`: they go back to the old
 * one. `undone`: they are back.
 */
export const rotationPhases = [
  'preparing',
  'accepting',
  'moving',
  'retiring',
  'retired',
  'undoing',
  'undone',
] as const;
export type RotationPhase = (typeof rotationPhases)[number];

export interface RotationRecord {
  secret: string;
  /** The stack whose services move. */
  stack: string;
  /** Those of one transaction share it. */
  id: string;
  strategy: string;
  /** The secret whose entry of x-secrets says how; another one where several change together. */
  declaredBy: string;
  phase: RotationPhase;
  /** Names of the versions in the swarm. */
  old: string;
  next: string;
  /** The version that services have, or are to have. */
  serving: string;
  /** The version that they have beside it, as `<file>.accepted`. */
  accepted?: string;
  /** RFC 3339. */
  since: string;
  by: string;
  /** When the old value may go; absent: at once. RFC 3339. */
  due?: string;
}

/** A record with what it takes to change it. */
export interface StoredRotation extends RotationRecord {
  /** Of its config. */
  configId: string;
}

/** Label of every record; its value is the secret. */
export const rotationLabel = 'kawanan.rotation';

const fields = [
  'stack',
  'id',
  'strategy',
  'declaredBy',
  'phase',
  'old',
  'next',
  'serving',
  'accepted',
  'since',
  'by',
  'due',
] as const;

const labelOf = (field: (typeof fields)[number]): string =>
  `${rotationLabel}.${field === 'declaredBy' ? 'declared-by' : field}`;

/** The labels of a record. */
export function writeRotationLabels(record: RotationRecord): Record<string, string> {
  const labels: Record<string, string> = { [rotationLabel]: record.secret };
  for (const field of fields) if (record[field] !== undefined) labels[labelOf(field)] = record[field];
  return labels;
}

/** The record that labels hold; `undefined` where they hold none that is whole. */
export function readRotationLabels(labels: Record<string, string>): RotationRecord | undefined {
  const secret = labels[rotationLabel];
  if (secret === undefined) return undefined;
  const found = Object.fromEntries(
    fields.flatMap((field) => {
      const value = labels[labelOf(field)];
      return value === undefined ? [] : [[field, value]];
    }),
  );
  const isWhole = fields.every((field) => field === 'accepted' || field === 'due' || field in found);
  const isKnown = (rotationPhases as readonly string[]).includes(found['phase'] ?? '');
  return isWhole && isKnown ? ({ secret, ...found } as unknown as RotationRecord) : undefined;
}

/** Names of configs end at 64 characters; a long name is cut, and told apart by its hash. */
export function nameRotationConfig(secret: string): string {
  const room = 64 - rotationLabel.length - 1;
  if (secret.length <= room) return `${rotationLabel}.${secret}`;
  const hash = createHash('sha256').update(secret).digest('hex').slice(0, 8);
  return `${rotationLabel}.${secret.slice(0, room - 9)}-${hash}`;
}

/** Whether a rotation only waits for its day: every run leaves it alone until then. */
export function isParked(record: RotationRecord, now: Date): boolean {
  return record.phase === 'retiring' && record.due !== undefined && Date.parse(record.due) > now.getTime();
}

/** What a rotation is at, in words: `moving services to the new value, since …`. */
export function describeRotation(record: RotationRecord, now: Date): string {
  const words: Record<RotationPhase, string> = {
    preparing: 'the new value is being made valid, services have the old one',
    accepting: 'services are to accept the new key beside the old one',
    moving: 'services are moving to the new value',
    retiring: 'services have the new value, the old one is to be retired',
    retired: 'the old value is retired, what remembers it is left to clear away',
    undone: 'services are back on the old value, what remembers the new one is left to clear away',
    undoing: 'services are going back to the old value',
  };
  if (isParked(record, now)) return `services use the new value, the old one is accepted until ${record.due}`;
  return `${words[record.phase]} (since ${record.since}, by ${record.by})`;
}
