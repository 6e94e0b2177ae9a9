/** A whole run: what is found half done is brought to its end first, then the new rotation, all of it or nothing. */
import { CombinedError, InputError, InterruptedError } from '../errors.ts';
import { advanceRotations, stopIfAborted } from './advance.ts';
import { beginRotation, completeUnit, planRotation } from './begin.ts';
import type { Strategy } from './strategy.ts';
import { isUndoable, undoRotations } from './undo.ts';
import { groupRecords, isUnitParked, phaseOf, type RotationUnit } from './unit.ts';
import type { RotationWorld } from './world.ts';

export type FindStrategy = (secret: string) => Strategy;

/** The rotations of the stack that are under way; those that only wait for their day included. */
export async function findUnits(world: RotationWorld, find: FindStrategy): Promise<RotationUnit[]> {
  const records = await world.swarm.rotations.list();
  return groupRecords(
    records.filter(({ stack }) => world.stackNames.includes(stack)),
    find,
  );
}

/** Brings to its end what a run before was killed in, and retires what is due. @returns the secrets it was about. */
export async function finishRotations(world: RotationWorld, find: FindStrategy): Promise<string[]> {
  const units = await findUnits(world, find);
  const back = units.filter((unit) => ['undoing', 'undone'].includes(phaseOf(unit)));
  const open = units.filter((unit) => !back.includes(unit) && !isUnitParked(unit, world.now()));
  // one that came through belongs to the same transaction as those that a run before was killed in
  const ids = new Set([...back, ...open].flatMap(({ records }) => records.map(({ id }) => id)));
  const names = units
    .filter(({ records }) => records.some(({ id }) => ids.has(id)))
    .flatMap(({ strategy }) => strategy.secrets);
  if (back.length > 0) await undoRotations(back, world);
  for (const unit of open) if (phaseOf(unit) === 'preparing') await completeUnit(unit, world);
  await advanceOrUndo(open, world);
  return names;
}

/**
 * Rotates secrets as one transaction, after finishing what is under way; a secret that was under way isn't rotated a
 * second time. When it fails, the old values serve again.
 */
export async function runRotation(
  strategies: readonly Strategy[],
  world: RotationWorld,
  find: FindStrategy,
): Promise<void> {
  const finished = new Set(await finishRotations(world, find));
  const fresh = strategies.filter(({ secrets }) => !secrets.some((name) => finished.has(name)));
  if (fresh.length === 0) return;
  await advanceOrUndo(await beginRotation(await planRotation(fresh, world), world), world);
}

async function advanceOrUndo(units: readonly RotationUnit[], world: RotationWorld): Promise<void> {
  try {
    await advanceRotations(units, world);
  } catch (error) {
    stopIfAborted(world);
    // what the user gave is to be put right (a wrong identity, another computer's file); the rotation itself is sound
    if (error instanceof InterruptedError || error instanceof InputError) throw error;
    const back = units.filter((unit) => phaseOf(unit) !== 'retiring' && isUndoable(unit));
    if (back.length === 0) throw error;
    const names = back.flatMap(({ strategy }) => strategy.secrets).join(', ');
    try {
      await undoRotations(back, world);
    } catch (undoError) {
      throw new CombinedError(`the rotation of ${names} failed, and so did going back`, [error, undoError], {
        next: 'kawanan secrets status shows how far it is; kawanan secrets rotate --undo tries again to go back',
      });
    }
    throw new CombinedError(`the rotation of ${names} failed, and the old value serves again`, [error]);
  }
}
