/** `random` and `value`: a new version that the consumers move to. What checks the value is the consumers themselves. */
import { z } from 'zod';
import { commonKeys, generateKeys } from '../common-schema.ts';
import { makeRecipe } from '../make-recipe.ts';
import type { Strategy } from '../strategy.ts';

export const randomSchema = z.strictObject({
  strategy: z.literal('random').optional(),
  ...commonKeys,
  ...generateKeys,
});

export const valueSchema = z.strictObject({ strategy: z.literal('value'), ...commonKeys });

/** A random value, made when the rotation begins. */
export function createRandomStrategy(secret: string, input: z.output<typeof randomSchema>): Strategy {
  return {
    name: 'random',
    secrets: [secret],
    leaves: input.leave ?? [],
    needsOld: false,
    words: {},
    recipeOf: () => makeRecipe(input.generate),
  };
}

/** The value that the secrets file (or what it names) has by now: it comes from elsewhere, and none is ever made up. */
export function createValueStrategy(secret: string, input: z.output<typeof valueSchema>): Strategy {
  return {
    name: 'value',
    secrets: [secret],
    leaves: input.leave ?? [],
    needsOld: false,
    givenOnly: true,
    words: {},
  };
}
