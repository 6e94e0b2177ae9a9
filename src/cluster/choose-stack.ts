/** Which stacks of a cluster a user means. No I/O here. */
import { InputError, UserError } from '../errors.ts';
import { suggestWord } from '../input/nearest-word.ts';
import type { Cluster, StackSettings } from './cluster.ts';

/** @throws InputError with every name that the cluster file doesn't have; UserError where it has none at all. */
export function chooseStacks(
  { stacks, file }: Pick<Cluster, 'stacks' | 'file'>,
  wanted: readonly string[] = [],
): StackSettings[] {
  if (stacks.length === 0)
    throw new UserError('the cluster file names no stack', { next: 'add `stack: {name, file}` to it' });
  const known = stacks.map(({ name }) => name);
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new InputError(
      unknown.map((name) => ({
        file,
        message: `the cluster has no stack ${JSON.stringify(name)}`,
        next: suggestWord(name, known),
      })),
    );
  return wanted.length === 0 ? stacks : stacks.filter(({ name }) => wanted.includes(name));
}

/**
 * The one stack that is meant: the one named, or the only one there is.
 *
 * @throws InputError that names the stacks where there are several and none is named; else as `chooseStacks`.
 */
export function chooseStack(
  cluster: Pick<Cluster, 'stacks' | 'file'>,
  wanted: string | undefined,
): StackSettings {
  const chosen = chooseStacks(cluster, wanted === undefined ? [] : [wanted]);
  if (chosen.length === 1) return chosen[0]!;
  const names = chosen.map(({ name }) => name);
  throw new InputError({
    message: `which stack? The cluster has ${names.join(', ')}`,
    next: `say it: --stack ${names[0]}`,
  });
}

/** The settings of a stack of the cluster; `undefined` where the file doesn't name it. */
export function findStack({ stacks }: Pick<Cluster, 'stacks'>, name: string): StackSettings | undefined {
  return stacks.find((stack) => stack.name === name);
}

/** The cluster with no other stack than the named one; as it is where none is named. @throws as `chooseStacks`. */
export function narrowStacks(cluster: Cluster, wanted: string | undefined): Cluster {
  return wanted === undefined ? cluster : { ...cluster, stacks: chooseStacks(cluster, [wanted]) };
}
