/**
 * Brings rotations to their end: makes new values valid, moves the services, verifies, retires the old values. Each
 * step is recorded before the next begins, and may be done twice: a run that was killed is gone on with by the next.
 */
import { InterruptedError } from '../errors.ts';
import { createVersion } from '../secrets/apply-secrets.ts';
import { readVersion } from '../secrets/plan.ts';
import type { StoredRotation } from '../secrets/rotation-record.ts';
import type { SecretValues } from './strategy.ts';
import {
  contextOf,
  findValues,
  isUnitParked,
  phaseOf,
  type RotationUnit,
  requireNext,
  settleFile,
  updateUnit,
} from './unit.ts';
import type { RotationWorld } from './world.ts';

/** Takes all units as far as they can go now. @returns those that wait for the day when the old value may go. */
export async function advanceRotations(
  units: readonly RotationUnit[],
  world: RotationWorld,
): Promise<RotationUnit[]> {
  const at = (phase: string): RotationUnit[] => units.filter((unit) => phaseOf(unit) === phase);
  for (const unit of at('preparing')) await prepareUnit(unit, world);
  if (at('accepting').length > 0) {
    announce(at('accepting'), 'accept the new key beside the old one', world);
    await rollServices(world);
    for (const unit of at('accepting'))
      await updateUnit(unit, world, ({ old, next }) => ({ phase: 'moving', serving: next, accepted: old }));
  }
  if (at('moving').length > 0) {
    announce(at('moving'), 'have the new value', world);
    await rollServices(world);
    for (const unit of at('moving')) await verifyUnit(unit, world);
  }
  for (const unit of at('retiring')) if (!isUnitParked(unit, world.now())) await dropAccepted(unit, world);
  const ripe = at('retiring').filter((unit) => !isUnitParked(unit, world.now()));
  if (ripe.some(({ strategy }) => strategy.servicesAccept)) {
    announce(ripe, 'drop the old key', world);
    await rollServices(world);
  }
  for (const unit of ripe) await retireUnit(unit, world);
  for (const unit of at('retired')) await clearAway(unit, world, ({ old }) => old);
  return at('retiring');
}

async function prepareUnit(unit: RotationUnit, world: RotationWorld): Promise<void> {
  stopIfAborted(world);
  const { strategy } = unit;
  const names = strategy.secrets.join(', ');
  const values = await findValues(unit, world);
  requireNext(unit, values, world);
  for (const record of unit.records) await makeVersion(record, values.next, world);
  if (strategy.prepare) {
    world.tell(`${names}: makes the new value valid${words(strategy.words.prepare)}`);
    await strategy.prepare(await contextOf(unit, values, world));
  }
  await updateUnit(unit, world, ({ next, old }) =>
    strategy.servicesAccept
      ? { phase: 'accepting', serving: old, accepted: next }
      : { phase: 'moving', serving: next },
  );
}

async function makeVersion(
  { secret, next, stack }: StoredRotation,
  values: SecretValues,
  world: RotationWorld,
): Promise<void> {
  if ((await world.swarm.list()).some(({ name }) => name === next)) return;
  const version = Number(/\.v(\d+)$/.exec(next)?.[1] ?? 1);
  await createVersion(
    { do: 'create', secret, objectName: next, version },
    world.swarm,
    new Map(values),
    stack,
  );
}

async function verifyUnit(unit: RotationUnit, world: RotationWorld): Promise<void> {
  const { strategy } = unit;
  const names = strategy.secrets.join(', ');
  const values = await findValues(unit, world);
  requireNext(unit, values, world);
  if (strategy.verify) {
    world.tell(`${names}: proves that the new value works${words(strategy.words.verify)}`);
    await strategy.verify(await contextOf(unit, values, world));
  }
  // from here on the new value is the one of the file: the old one is about to go
  await settleFile(unit, values, world);
  const due = dueDate(unit, world);
  await updateUnit(unit, world, () => ({ phase: 'retiring', ...(due !== undefined && { due }) }));
  world.tell(
    due === undefined
      ? `${names}: all services have the new value`
      : `${names}: all services use the new value, the old one is accepted until ${due}`,
  );
}

/** When what was signed with the old key is valid no longer; `undefined` where nothing overlaps. RFC 3339. */
export function dueDate({ strategy }: RotationUnit, world: RotationWorld): string | undefined {
  if (strategy.overlapSeconds === undefined) return undefined;
  return new Date(world.now().getTime() + strategy.overlapSeconds * 1000).toISOString();
}

/** From here on there is no way back. */
async function dropAccepted(unit: RotationUnit, world: RotationWorld): Promise<void> {
  if (unit.records.every(({ accepted, due }) => accepted === undefined && due === undefined)) return;
  stopIfAborted(world);
  for (const [index, { accepted: _, due: __, ...rest }] of unit.records.entries()) {
    await world.swarm.rotations.update(rest);
    unit.records[index] = rest;
  }
}

async function retireUnit(unit: RotationUnit, world: RotationWorld): Promise<void> {
  const { strategy } = unit;
  stopIfAborted(world);
  if (strategy.retire) {
    world.tell(`${strategy.secrets.join(', ')}: retires the old value${words(strategy.words.retire)}`);
    await strategy.retire(await contextOf(unit, await findValues(unit, world), world));
  }
  await updateUnit(unit, world, () => ({ phase: 'retired' }));
}

/** What is left of a rotation goes: the value in the file, a version that must not be taken for the newest, the record. */
export async function clearAway(
  unit: RotationUnit,
  world: RotationWorld,
  gone: (record: StoredRotation) => string,
): Promise<void> {
  await world.values.forget(
    ['next', 'previous'],
    unit.records.map(({ secret }) => secret),
  );
  const versions = await world.swarm.list();
  for (const record of unit.records.splice(0)) {
    const serving = versions.find(({ name }) => name === record.serving);
    const other = versions.find(({ name }) => name === gone(record));
    // an older one goes when nothing uses it any longer, as all old versions do; a newer one would be taken for the right one
    if (other && serving && other.id !== serving.id && readVersion(other) > readVersion(serving))
      await world.swarm.remove(other.id);
    await world.swarm.rotations.remove(record.configId);
  }
}

/** One roll for all units: services that use several of the secrets are restarted once. */
export async function rollServices(world: RotationWorld): Promise<void> {
  stopIfAborted(world);
  await world.roll();
}

function announce(units: readonly RotationUnit[], what: string, world: RotationWorld): void {
  const names = units.flatMap(({ strategy }) => strategy.secrets).join(', ');
  world.tell(`${names}: services are restarted until all ${what}`);
}

function words(text: string | undefined): string {
  return text === undefined ? '' : `: ${text}`;
}

/** @throws InterruptedError once the user has asked to stop. */
export function stopIfAborted({ signal }: RotationWorld): void {
  if (!signal.aborted) return;
  throw new InterruptedError('interrupted in the middle of a rotation; the swarm remembers how far it is', {
    next: 'kawanan secrets rotate --finish goes on, --undo goes back',
  });
}
