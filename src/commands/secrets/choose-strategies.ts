/** Which secrets a rotation is of. */
import type { CommandContext } from '../../cli.ts';
import { InputError } from '../../errors.ts';
import { suggestWord } from '../../input/nearest-word.ts';
import { neutralise } from '../../output/terminal.ts';
import type { StackInputs } from '../../pipeline/inputs.ts';
import type { OpenRotations } from '../../pipeline/rotation-world.ts';
import { describeUnderWay, isOpen } from '../../rotation/describe.ts';
import type { Strategy } from '../../rotation/strategy.ts';
import type { RotateOptions } from './rotate.ts';

/**
 * Those named; with --all those declared that aren't waiting for their day; with --stack of that stack alone.
 *
 * @throws InputError with every name that can't be rotated so.
 */
export async function chooseStrategies(
  names: string[],
  { all, stack }: Pick<RotateOptions, 'all' | 'stack'>,
  { stacks, find, world }: Pick<OpenRotations, 'stacks' | 'find' | 'world'>,
  { terminal }: Pick<CommandContext, 'terminal'>,
): Promise<Strategy[]> {
  const meant = stacks.filter(({ definition }) => stack === undefined || definition.name === stack);
  if (!all) {
    const problems: InputError[] = [];
    const found = names.flatMap((name) => {
      try {
        const strategy = find(name);
        requireUse(name, meant);
        return [strategy];
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        problems.push(error);
        return [];
      }
    });
    if (problems.length > 0) throw new InputError(problems.flatMap((one) => one.problems));
    return found.filter(
      (one, index) => found.findIndex((other) => other.secrets[0] === one.secrets[0]) === index,
    );
  }
  const declared = meant.flatMap(({ rotations }) => rotations);
  if (declared.length === 0)
    throw new InputError({
      file: meant[0]!.definition.file,
      message: 'x-secrets lists no secret, so --all means none',
      next: 'list those that are to be rotated: x-secrets: {NAME: {strategy: random}}',
    });
  const parked = (await world.swarm.rotations.list()).filter((record) => !isOpen(record, world.now()));
  for (const line of describeUnderWay(parked, world.now())) terminal.err(`left alone: ${neutralise(line)}\n`);
  return declared.filter(
    ({ secrets, givenOnly }) => !givenOnly && !parked.some(({ secret }) => secrets.includes(secret)),
  );
}

/** @throws InputError where none of the stacks that are meant has the secret. */
function requireUse(name: string, meant: readonly StackInputs[]): void {
  if (meant.some(({ definition }) => definition.external.secrets.includes(name))) return;
  const [{ definition }] = meant as [StackInputs];
  throw new InputError({
    file: definition.file,
    message: `the stack ${definition.name} has no secret ${name}`,
    next: suggestWord(name, definition.external.secrets),
  });
}
