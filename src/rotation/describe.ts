/** What a rotation is about to do, and how far those under way are, in words. Pure. */
import { describeRotation, isParked, type RotationRecord } from '../secrets/rotation-record.ts';
import type { PlannedSecret } from './begin.ts';
import type { Strategy } from './strategy.ts';

const origins: Record<PlannedSecret['value'], string> = {
  made: 'a random value',
  kept: 'the value that an earlier run kept in the secrets file',
  given: 'the value that the secrets file gives',
};

/** One block a strategy: secrets with their versions, then the steps. */
export function describePlanned(planned: readonly PlannedSecret[]): string[] {
  const strategies = [...new Set(planned.map(({ strategy }) => strategy))];
  return strategies.flatMap((strategy) => {
    const own = planned.filter((one) => one.strategy === strategy);
    return [
      ...own.map(
        ({ secret, versions: [old, next], value }) =>
          `${secret}: ${strategy.name}, version ${old} → ${next}, ${origins[value]}`,
      ),
      ...describeSteps(
        strategy,
        own.flatMap(({ users }) => users),
      ).map((step, index) => `  ${index + 1}. ${step}`),
    ];
  });
}

function describeSteps(strategy: Strategy, users: readonly string[]): string[] {
  const { words, overlapSeconds, servicesAccept } = strategy;
  const moving = [...new Set(users)].filter(
    (name) => !strategy.leaves.some((key) => name.endsWith(`_${key}`)),
  );
  const services = moving.length > 0 ? moving.join(', ') : 'no service';
  return [
    ...(words.prepare === undefined ? [] : [words.prepare]),
    `${services} restart by their update rules${servicesAccept ? ', once for each step' : ''}`,
    ...(words.verify === undefined ? [] : [words.verify]),
    ...(words.retire === undefined
      ? []
      : [
          `${words.retire}${overlapSeconds === undefined ? '' : ` (${formatSeconds(overlapSeconds)} later)`}`,
        ]),
  ];
}

/** The largest unit that divides it: `12h`. */
export function formatSeconds(seconds: number): string {
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const)
    if (seconds >= size && seconds % size === 0) return `${seconds / size}${unit}`;
  return `${seconds}s`;
}

/** A line for each rotation under way. */
export function describeUnderWay(records: readonly RotationRecord[], now: Date): string[] {
  return records.map((record) => `${record.secret}: ${describeRotation(record, now)}`);
}

/** Whether something is to be done about it now. */
export function isOpen(record: RotationRecord, now: Date): boolean {
  return !isParked(record, now);
}
