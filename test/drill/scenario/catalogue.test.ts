import { expect, test } from 'vitest';
import { drills, undrilled } from '../../../src/drill/scenario/catalogue.ts';

test('every fault of the list is drilled or has a reason why not, once', () => {
  const numbers = [...drills, ...undrilled].map(({ number }) => number).sort((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: 36 }, (_, index) => index + 1));
});

test('names are unique, short and can be typed', () => {
  const names = [...drills, ...undrilled].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !/^[a-z][a-z-]{3,24}$/.test(name))).toEqual([]);
});

test('what takes the place of a drill among all of them breaks the same', () => {
  for (const { brief, fault } of drills) if (brief) expect(brief.fault.kind).toBe(fault.kind);
  expect(drills.some(({ brief }) => brief)).toBe(true);
});

test('every drill has an objective, and only machines that can be switched off need a lab', () => {
  expect(drills.filter(({ objectives }) => objectives.length === 0)).toEqual([]);
  for (const { reach, fault } of drills) expect(reach === 'lab').toBe(fault.kind === 'machine');
});
