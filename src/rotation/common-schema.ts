/** What several strategies take under `x-secrets`. */
import { z } from 'zod';
import { type Charset, charsets } from '../secrets/secrets-schema.ts';

/** Seconds of `90s`, `15m`, `12h`, `7d`. */
export const durationSchema = z
  .string()
  .regex(/^\d+(s|m|h|d)$/, 'a duration is a number with s, m, h or d, such as 12h')
  .transform(readSeconds);

function readSeconds(text: string): number {
  const unit = { s: 1, m: 60, h: 3600, d: 86_400 }[text.at(-1)!]!;
  return Number(text.slice(0, -1)) * unit;
}

/** Keys of services of the compose file. */
const services = z.union([z.string(), z.array(z.string())]).transform((one) => [one].flat());

/** Keys of every strategy. */
export const commonKeys = {
  leave: services
    .optional()
    .describe(
      'services that read the secret only when they are first set up: they keep the version they have and are not restarted',
    ),
};

/** Keys of strategies that make random values. */
export const generateKeys = {
  generate: z
    .strictObject({
      length: z.int().min(8, 'a generated value has at least 8 characters').max(1024).optional(),
      charset: z.enum(Object.keys(charsets) as [Charset, ...Charset[]]).optional(),
    })
    .optional()
    .describe('what the new value is made of; as long as the old one, of letters and digits, unless told'),
};
