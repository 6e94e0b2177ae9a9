import type { Recipe } from './strategy.ts';

const defaultLength = 32;

/** The recipe of a `generate:` key; `undefined` where there is none, and the old value's length is taken. */
export function makeRecipe(
  generate: { length?: number | undefined; charset?: Recipe['charset'] | undefined } | undefined,
): Recipe | undefined {
  if (!generate) return undefined;
  return { length: generate.length ?? defaultLength, charset: generate.charset ?? 'alphanumeric' };
}
