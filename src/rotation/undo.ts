/** The way back of a rotation, as long as the old value is valid. */
import { UserError } from '../errors.ts';
import { clearAway, dueDate, rollServices } from './advance.ts';
import { contextOf, findValues, phaseOf, type RotationUnit, settleFile, updateUnit } from './unit.ts';
import type { RotationWorld } from './world.ts';

/** Whether a unit can still go back. */
export function isUndoable(unit: RotationUnit): boolean {
  const phase = phaseOf(unit);
  if (phase === 'retiring') return unit.records.every(({ due }) => due !== undefined);
  return phase !== 'retired';
}

/**
 * Takes units back to the old values. One that signed with a new key goes on accepting that until what it signed is
 * valid no longer: it then waits as one does that went forward.
 *
 * @throws UserError where one of them has gone too far.
 */
export async function undoRotations(units: readonly RotationUnit[], world: RotationWorld): Promise<void> {
  const late = units.filter((unit) => !isUndoable(unit));
  if (late.length > 0) {
    const names = late.flatMap(({ strategy }) => strategy.secrets).join(', ');
    throw new UserError(`${names}: the old value is being retired, so there is no way back`, {
      next: 'kawanan secrets rotate --finish',
    });
  }
  for (const unit of units) await turnBack(unit, world);
  const back = units.filter((unit) => phaseOf(unit) === 'undoing');
  const signed = units.filter((unit) => phaseOf(unit) === 'moving');
  if (back.length + signed.length > 0) {
    world.tell(`${namesOf(units)}: services go back to the old value`);
    await rollServices(world);
  }
  for (const unit of signed) {
    const differing = await settleFile(unit, await findValues(unit, world), world);
    if (differing.length > 0) tellOfFile(differing, world);
    const due = dueDate(unit, world);
    await updateUnit(unit, world, () => ({ phase: 'retiring', ...(due !== undefined && { due }) }));
  }
  for (const unit of back) {
    const { strategy } = unit;
    if (strategy.undo) await strategy.undo(await contextOf(unit, await findValues(unit, world), world));
    await updateUnit(unit, world, () => ({ phase: 'undone' }));
  }
  for (const unit of units) {
    if (phaseOf(unit) !== 'undone') continue;
    const given = await findGiven(unit, world);
    await clearAway(unit, world, ({ next }) => next);
    if (given.length > 0) tellOfFile(given, world);
  }
}

/** Secrets whose new value was put into the file by hand, where it still stands. */
async function findGiven(unit: RotationUnit, world: RotationWorld): Promise<string[]> {
  const [{ next }, known] = await Promise.all([
    findValues(unit, world),
    world.values.read(unit.records.map(({ secret }) => secret)),
  ]);
  return [...known].flatMap(([name, { current }]) => {
    const value = next.get(name);
    return current && value?.reveal().equals(current.reveal()) ? [name] : [];
  });
}

function tellOfFile(names: readonly string[], world: RotationWorld): void {
  world.tell(
    `${world.values.path} still has the new value of ${names.join(', ')}: put the old one back, or the next up deploys it`,
  );
}

function namesOf(units: readonly RotationUnit[]): string {
  return units.flatMap(({ strategy }) => strategy.secrets).join(', ');
}

async function turnBack(unit: RotationUnit, world: RotationWorld): Promise<void> {
  const phase = phaseOf(unit);
  if (phase === 'undoing' || phase === 'undone') return;
  const { overlapSeconds, servicesAccept } = unit.strategy;
  const hasSigned = overlapSeconds !== undefined && (phase === 'moving' || phase === 'retiring');
  if (!hasSigned) {
    for (const [index, { accepted: _, ...rest }] of unit.records.entries()) {
      const record = { ...rest, phase: 'undoing' as const, serving: rest.old };
      await world.swarm.rotations.update(record);
      unit.records[index] = record;
    }
    return;
  }
  // the same rotation the other way round: the old key signs again, and the new one is accepted for a while
  for (const [index, { due: _, ...record }] of unit.records.entries()) {
    const turned = {
      ...record,
      phase: 'moving' as const,
      old: record.next,
      next: record.old,
      serving: record.old,
      ...(servicesAccept && { accepted: record.next }),
    };
    await world.swarm.rotations.update(turned);
    unit.records[index] = turned;
  }
}
