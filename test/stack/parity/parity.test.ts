/**
 * Our conversion against recordings of the real `docker stack deploy` 28.2.2. `edge` and `invalid` were written for this
 * project; `corpus` holds other people's files, is never copied here and is compared where it lies beside the checkout.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatPlace, InputError } from '../../../src/errors.ts';
import { deliberatelyRefused, needsAnEngine } from './differences.ts';
import { listCases, loadCase, type OracleCase, readRecorded, toRecorded } from './oracle-case.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const fixtures = path.join(root, 'test/fixtures/compose');
const corpus = path.resolve(root, '../shared/oracle/corpus');

async function expectParity(one: OracleCase): Promise<void> {
  const recorded = readRecorded(one);
  if (!recorded || one.name in deliberatelyRefused) {
    const error = await loadCase(one).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error, 'the files must be refused').toBeInstanceOf(InputError);
    expectExplained(error as InputError);
    return;
  }
  const stack = await loadCase(one);
  expect(toRecorded(stack, one.folder)).toEqual(recorded);
}

/** Each problem says where it is and what is wrong; an option without a file has no place. */
function expectExplained({ problems }: InputError): void {
  expect(problems.length).toBeGreaterThan(0);
  for (const problem of problems) {
    expect(problem.message).not.toBe('');
    if (problem.path !== undefined) expect(formatPlace(problem)).toMatch(/\.yml:\d+:\d+ \S+/);
  }
}

for (const group of ['edge', 'invalid']) {
  describe(group, () => {
    const cases = listCases(path.join(fixtures, group));
    const ours = cases.filter(({ name }) => !(name in needsAnEngine));
    it('has its recordings', () => expect(ours.length).toBeGreaterThan(30));
    it.each(ours.map((one) => [one.name, one] as const))('%s', (_name, one) => expectParity(one));
  });
}

describe('corpus', () => {
  const cases = listCases(corpus);
  if (!existsSync(corpus)) it('is not beside this checkout: nothing of it is compared', () => {});
  else it.each(cases.map((one) => [one.name, one] as const))('%s', (_name, one) => expectParity(one));
});
