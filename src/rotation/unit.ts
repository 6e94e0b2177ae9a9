/** One strategy at work on its secrets, as far as the records in the swarm tell. */
import { InputError } from '../errors.ts';
import { fingerprintSecret } from '../secrets/fingerprint.ts';
import { secretLabels } from '../secrets/observed.ts';
import { readVersion } from '../secrets/plan.ts';
import { isParked, type RotationPhase, type StoredRotation } from '../secrets/rotation-record.ts';
import type { SecretValue } from '../secrets/secret-value.ts';
import type { Strategy, StrategyContext } from './strategy.ts';
import type { KnownValues } from './value-file.ts';
import type { RotationWorld } from './world.ts';

export interface RotationUnit {
  strategy: Strategy;
  /** One a secret; some may be gone already where the run before was killed while it cleared them away. */
  records: StoredRotation[];
}

/** In the order in which a unit goes through them; where its records differ, a run was killed between the two. */
const order: RotationPhase[] = [
  'undone',
  'undoing',
  'preparing',
  'accepting',
  'moving',
  'retiring',
  'retired',
];

/** How far a unit is: as far as the last of its records. */
export function phaseOf({ records }: RotationUnit): RotationPhase {
  const places = records.map(({ phase }) => order.indexOf(phase));
  // on the way back and at the end they are cleared away one by one: the first that got there tells
  if (records.some(({ phase }) => phase === 'undone')) return 'undone';
  if (records.some(({ phase }) => phase === 'retired')) return 'retired';
  return order[Math.min(...places)]!;
}

/**
 * The units that records stand for.
 *
 * @throws InputError where x-secrets doesn't say any longer how one of them is rotated.
 */
export function groupRecords(
  records: readonly StoredRotation[],
  find: (secret: string) => Strategy,
): RotationUnit[] {
  const groups = Map.groupBy(records, ({ declaredBy, id }) => `${id} ${declaredBy}`);
  return [...groups.values()].map((own) => {
    const { declaredBy, strategy: begun } = own[0]!;
    const strategy = find(declaredBy);
    if (strategy.name === begun) return { strategy, records: own };
    throw new InputError({
      path: `x-secrets.${declaredBy}`,
      message: `a rotation of ${declaredBy} was begun with the strategy ${begun}, and the compose file says ${strategy.name} now`,
      next: `put ${begun} back until it is done: kawanan secrets status`,
    });
  });
}

/** Writes a change to all records of a unit. */
export async function updateUnit(
  unit: RotationUnit,
  world: RotationWorld,
  change: (record: StoredRotation) => Partial<StoredRotation>,
): Promise<void> {
  for (const [index, record] of unit.records.entries()) {
    const changed = { ...record, ...change(record) };
    await world.swarm.rotations.update(changed);
    unit.records[index] = changed;
  }
}

/** What is known of the two values of each secret of a unit. */
export interface UnitValues {
  old: Map<string, SecretValue>;
  next: Map<string, SecretValue>;
}

/**
 * Finds the values in the secrets file by the fingerprints that the versions in the swarm have; an old one that isn't
 * there, in a task where it is mounted.
 */
export async function findValues(unit: RotationUnit, world: RotationWorld): Promise<UnitValues> {
  const names = unit.records.map(({ secret }) => secret);
  const [file, versions, key] = await Promise.all([
    world.values.read(names),
    world.swarm.list(),
    world.swarm.readKey(),
  ]);
  const values: UnitValues = { old: new Map(), next: new Map() };
  for (const { secret, old, next, phase } of unit.records) {
    const known: KnownValues = file.get(secret) ?? { from: 'none', writable: true };
    const candidates = [known.next, known.current, known.previous].filter((one) => one !== undefined);
    const fingerprintOf = (object: string): string | undefined =>
      versions.find(({ name }) => name === object)?.labels[secretLabels.fingerprint];
    const match = (fingerprint: string | undefined): SecretValue | undefined =>
      fingerprint === undefined || !key
        ? undefined
        : candidates.find((one) => fingerprintSecret(key.key, secret, one) === fingerprint);
    // the version isn't made yet: what is kept for it, or what was given
    const isMade = versions.some(({ name }) => name === next);
    const found = isMade ? match(fingerprintOf(next)) : (known.next ?? known.current);
    if (found) values.next.set(secret, found);
    const before = match(fingerprintOf(old)) ?? guessOld(known, fingerprintOf(old), phase, found);
    const went = before ?? (unit.strategy.needsOld ? await world.readFromTask(secret, old) : undefined);
    if (went) values.old.set(secret, went);
  }
  return values;
}

/** A version made by hand has no fingerprint: its value is the one of the file that isn't the new one. */
function guessOld(
  known: KnownValues,
  fingerprint: string | undefined,
  phase: RotationPhase,
  next: SecretValue | undefined,
): SecretValue | undefined {
  if (fingerprint !== undefined) return undefined;
  if (phase === 'retiring' || phase === 'retired') return known.previous;
  return known.current === next ? undefined : known.current;
}

/** @throws InputError where the secrets file of this computer doesn't have the new value: nothing is taken back then. */
export function requireNext(unit: RotationUnit, values: UnitValues, world: RotationWorld): void {
  const missing = unit.records.filter(({ secret }) => !values.next.has(secret));
  if (missing.length === 0) return;
  const names = missing.map(({ secret }) => secret).join(', ');
  throw new InputError({
    file: world.values.path,
    message: `the new value of ${names} isn't in it: ${missing[0]!.by} began the rotation, with the secrets file there`,
    next: 'bring that file here, or run the same command there; `kawanan secrets rotate --undo` goes back to the old value',
  });
}

/**
 * Makes the new values those of the secrets file, and keeps the old ones in it until they are retired. Values that come
 * from elsewhere are left alone. @returns the secrets whose value in the file is still another one.
 */
export async function settleFile(
  unit: RotationUnit,
  { next }: UnitValues,
  { values }: RotationWorld,
): Promise<string[]> {
  const known = await values.read(unit.records.map(({ secret }) => secret));
  const has = (value: SecretValue | undefined, wanted: SecretValue): boolean =>
    value?.reveal().equals(wanted.reveal()) === true;
  const differing: string[] = [];
  const kept = new Map<string, SecretValue>();
  const promoted: string[] = [];
  const stale: string[] = [];
  for (const [secret, file] of known) {
    const wanted = next.get(secret);
    if (wanted && has(file.current, wanted)) {
      if (file.next) stale.push(secret);
    } else if (!wanted || !file.writable) differing.push(secret);
    else {
      if (!has(file.next, wanted)) kept.set(secret, wanted);
      promoted.push(secret);
    }
  }
  if (kept.size > 0) await values.keepNext(kept);
  if (promoted.length > 0) await values.promote(promoted);
  if (stale.length > 0) await values.forget(['next'], stale);
  return differing;
}

/** What a strategy's step is given. */
export async function contextOf(
  { strategy }: RotationUnit,
  { old, next }: UnitValues,
  world: RotationWorld,
): Promise<StrategyContext> {
  const present = await readPresent(strategy.reads ?? [], world);
  const stack = world.stackOf(strategy.secrets[0]!);
  return {
    old,
    next,
    present,
    runInTask: (command) => world.runInTask(stack, command),
    report: world.tell,
    signal: world.signal,
  };
}

/** Every value that a secret may have where it is checked: those of the file, then those that tasks still have. */
async function readPresent(
  names: readonly string[],
  world: RotationWorld,
): Promise<Map<string, readonly SecretValue[]>> {
  if (names.length === 0) return new Map();
  const [file, versions] = await Promise.all([world.values.read(names), world.swarm.list()]);
  const found = names.map(async (name) => {
    const { current, next, previous } = file.get(name) ?? {};
    const mounted = await Promise.all(
      versions
        .filter((one) => (one.labels[secretLabels.secret] ?? one.name) === name && one.inRunningTask)
        .sort((a, b) => readVersion(b) - readVersion(a))
        .map((one) => world.readFromTask(name, one.name)),
    );
    const values = [current, next, previous, ...mounted].filter((one) => one !== undefined);
    const distinct = new Map(values.map((value) => [value.reveal().toString('base64'), value]));
    return [name, [...distinct.values()]] as const;
  });
  return new Map(await Promise.all(found));
}

/** Whether a unit only waits for its day. */
export function isUnitParked(unit: RotationUnit, now: Date): boolean {
  return unit.records.every((record) => isParked(record, now));
}
