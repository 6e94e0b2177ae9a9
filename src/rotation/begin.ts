/** The first step of a rotation: new values are chosen and kept, and the swarm told that it is under way. */
import { randomUUID } from 'node:crypto';
import { InputError, type Problem, UserError } from '../errors.ts';
import { areComparable, fingerprintSecret } from '../secrets/fingerprint.ts';
import { generateValue } from '../secrets/generate-value.ts';
import { secretLabels } from '../secrets/observed.ts';
import { longestRotatedName } from '../secrets/pending-values.ts';
import { findNewestVersion, nameNextVersion, readVersion } from '../secrets/plan.ts';
import { SecretValue } from '../secrets/secret-value.ts';
import type { Recipe, SecretValues, Strategy } from './strategy.ts';
import type { RotationUnit } from './unit.ts';
import type { KnownValues } from './value-file.ts';
import type { RotationWorld } from './world.ts';

/** One secret of a rotation that is about to begin. */
export interface PlannedSecret {
  secret: string;
  strategy: Strategy;
  /** Names of the versions in the swarm. */
  old: string;
  next: string;
  /** Numbers of the same. */
  versions: [number, number];
  /** `kept`: in the secrets file by a run that was killed. `given`: the secrets file, or what it names, has it. */
  value: 'made' | 'kept' | 'given';
  /** Names of the services that have the old version. */
  users: string[];
}

/**
 * What rotating these would begin with. Changes nothing.
 *
 * @throws InputError with every secret that can't be rotated so; UserError where the swarm has one of them not yet, or
 *   another stack uses it.
 */
export async function planRotation(
  strategies: readonly Strategy[],
  world: Pick<RotationWorld, 'swarm' | 'values' | 'stackNames'>,
): Promise<PlannedSecret[]> {
  const names = strategies.flatMap(({ secrets }) => secrets);
  const [secrets, key, known, records] = await Promise.all([
    world.swarm.list(),
    world.swarm.readKey(),
    world.values.read(names),
    world.swarm.rotations.list(),
  ]);
  const problems: Problem[] = [];
  const planned: PlannedSecret[] = [];
  for (const strategy of strategies) {
    for (const secret of strategy.secrets) {
      const wrong = (message: string, next: string): void => {
        problems.push({ file: world.values.path, path: secret, message, next });
      };
      const under = records.find((record) => record.secret === secret);
      const newest = findNewestVersion(secret, secrets);
      const values = known.get(secret) ?? { from: 'none', writable: true };
      if (under) {
        wrong(
          `${secret} is being rotated already, since ${under.since} by ${under.by}`,
          'kawanan secrets status',
        );
        continue;
      }
      if (!newest) {
        wrong(`the swarm has no secret ${secret} yet`, 'kawanan up makes it');
        continue;
      }
      const others = newest.secret.services.filter(
        ({ stack }) => stack === undefined || !world.stackNames.includes(stack),
      );
      if (others.length > 0) {
        wrong(
          `${secret} is used by ${others.map(({ name }) => name).join(', ')} too, which would be left with the old value`,
          'give the other stack a secret of its own',
        );
        continue;
      }
      const fingerprint = newest.secret.labels[secretLabels.fingerprint];
      const value = judgeValue(
        strategy,
        values,
        key && values.current && fingerprintSecret(key.key, secret, values.current),
        fingerprint,
      );
      if (typeof value !== 'string') {
        wrong(`${secret} ${value.message}`, value.next.replaceAll('NAME', secret));
        continue;
      }
      if (value === 'made' && secret.length > longestRotatedName)
        wrong(
          `the name of a secret that is rotated has at most ${longestRotatedName} characters`,
          'give it a shorter one',
        );
      const { objectName, version } = nameNextVersion(secret, newest.version, secrets);
      planned.push({
        secret,
        strategy,
        old: newest.secret.name,
        next: objectName,
        versions: [readVersion(newest.secret), version],
        value,
        users: [...new Set(newest.secret.services.map(({ name }) => name))].sort(),
      });
    }
  }
  if (problems.length > 0) throw new InputError(problems);
  return planned;
}

/** Where the new value comes from. One that differs from the swarm's was put there to be used. */
function judgeValue(
  strategy: Strategy,
  values: KnownValues,
  wanted: string | undefined,
  present: string | undefined,
): PlannedSecret['value'] | { message: string; next: string } {
  if (values.next) return 'kept';
  if (areComparable(wanted, present) && wanted !== present) return 'given';
  if (strategy.givenOnly) {
    if (!areComparable(wanted, present) && values.current) return 'given';
    return {
      message: 'has the value that the swarm has: a new one is to be given first',
      next: values.writable
        ? 'kawanan secrets set NAME'
        : `change it where it comes from (${values.from}), then rotate`,
    };
  }
  if (values.writable) return 'made';
  return {
    message: `gets its value from elsewhere (${values.from}), where a new one can't be written`,
    next: 'change it there, then rotate: the value that differs from the swarm is the new one',
  };
}

/** Chooses the new values, keeps them, and records that the rotation is under way. Nothing depends on them yet. */
export async function beginRotation(
  planned: readonly PlannedSecret[],
  world: RotationWorld,
): Promise<RotationUnit[]> {
  const made = planned.filter(({ value }) => value === 'made');
  const values = await world.values.read(planned.map(({ secret }) => secret));
  const old = new Map(
    [...values].flatMap(([name, { current }]) => (current ? [[name, current] as const] : [])),
  );
  const next = new Map<string, SecretValue>();
  for (const { secret, strategy } of made) next.set(secret, await makeValue(secret, strategy, old, world));
  if (next.size > 0) await world.values.keepNext(next);
  const id = randomUUID().slice(0, 8);
  const since = world.now().toISOString();
  for (const { secret, strategy, old: oldName, next: nextName } of planned) {
    const record = {
      secret,
      stack: world.stackOf(strategy.secrets[0]!),
      id,
      strategy: strategy.name,
      declaredBy: strategy.secrets[0]!,
      phase: 'preparing' as const,
      old: oldName,
      next: nextName,
      serving: oldName,
      since,
      by: world.by,
    };
    if (await world.swarm.rotations.create(record)) continue;
    throw new UserError(`another rotation of ${secret} was begun meanwhile`, {
      next: 'kawanan secrets status',
    });
  }
  const records = (await world.swarm.rotations.list()).filter((record) => record.id === id);
  const strategies = [...new Set(planned.map(({ strategy }) => strategy))];
  return strategies.map((strategy) => ({
    strategy,
    records: records.filter(({ declaredBy }) => declaredBy === strategy.secrets[0]),
  }));
}

/** Records what a run that was killed between two secrets of one unit had no time for. */
export async function completeUnit(unit: RotationUnit, world: RotationWorld): Promise<void> {
  const { strategy, records } = unit;
  const missing = strategy.secrets.filter((name) => !records.some(({ secret }) => secret === name));
  const [first] = records;
  if (missing.length === 0 || !first) return;
  const secrets = await world.swarm.list();
  for (const secret of missing) {
    const newest = findNewestVersion(secret, secrets);
    if (!newest) continue;
    const old = newest.secret.name;
    const { objectName } = nameNextVersion(secret, newest.version, secrets);
    await world.swarm.rotations.create({ ...first, secret, old, next: objectName, serving: old });
  }
  const all = await world.swarm.rotations.list();
  unit.records = all.filter(({ id, declaredBy }) => id === first.id && declaredBy === first.declaredBy);
}

const defaultLength = 32;
const generatedLengths = { least: 16, most: 1024 };

async function makeValue(
  secret: string,
  strategy: Strategy,
  known: SecretValues,
  world: RotationWorld,
): Promise<SecretValue> {
  let old = known;
  if (strategy.choose && strategy.secrets.some((name) => !known.has(name))) {
    const read = await Promise.all(
      strategy.secrets.map(async (name) => {
        const version = findNewestVersion(name, await world.swarm.list());
        const value = known.get(name) ?? (version && (await world.readFromTask(name, version.secret.name)));
        return value ? ([[name, value]] as const) : [];
      }),
    );
    old = new Map(read.flat());
  }
  const chosen = strategy.choose?.(secret, old);
  if (chosen) return chosen;
  const length = known.get(secret)?.reveal().toString('utf8').length ?? defaultLength;
  const { least, most } = generatedLengths;
  const recipe: Recipe = strategy.recipeOf?.(secret) ?? {
    length: Math.min(most, Math.max(least, length)),
    charset: 'alphanumeric',
  };
  return new SecretValue(generateValue(recipe));
}
