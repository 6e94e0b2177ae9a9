/**
 * `signing-key`: a key that signs what lives on for a while (tokens, session cookies). Consumers first accept the new
 * key beside the old one, then sign with the new and accept the old, and drop that once nothing signed with it is left.
 * The second key stands in `<file of the secret>.accepted`; see docs/secrets.md for what an application does with it.
 */
import { z } from 'zod';
import { commonKeys, durationSchema, generateKeys } from '../common-schema.ts';
import { makeRecipe } from '../make-recipe.ts';
import type { Strategy } from '../strategy.ts';

export const signingKeySchema = z.strictObject({
  strategy: z.literal('signing-key'),
  lifetime: durationSchema.describe('how long what was signed is valid: 90s, 15m, 12h or 31d'),
  ...commonKeys,
  ...generateKeys,
});

export function createSigningKeyStrategy(secret: string, input: z.output<typeof signingKeySchema>): Strategy {
  return {
    name: 'signing-key',
    secrets: [secret],
    leaves: input.leave ?? [],
    needsOld: false,
    overlapSeconds: input.lifetime,
    servicesAccept: true,
    words: {
      prepare: 'the services that use it accept the new key beside the old one',
      retire: 'they drop the old key once nothing that it signed is valid any longer',
    },
    recipeOf: () => makeRecipe(input.generate),
  };
}
