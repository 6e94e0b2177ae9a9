/** What may stand under `x-secrets` in a compose file: each secret's strategy, by the secret's name. */
import { z } from 'zod';
import { execSchema } from './strategies/exec.ts';
import { minioAccessKeySchema } from './strategies/minio-access-key.ts';
import { mysqlUserSchema } from './strategies/mysql-user.ts';
import { signingKeySchema } from './strategies/signing-key.ts';
import { randomSchema, valueSchema } from './strategies/value.ts';

/** Every strategy with the keys it takes; each has a file of its own in strategies/. */
export const strategySchemas = {
  random: randomSchema,
  value: valueSchema,
  'signing-key': signingKeySchema,
  'mysql-user': mysqlUserSchema,
  'minio-access-key': minioAccessKeySchema,
  exec: execSchema,
} as const;

export type StrategyName = keyof typeof strategySchemas;

/** The section as a whole, before its entries are looked at. */
export const rotationSectionSchema = z.record(z.string(), z.looseObject({}));

/** The key that tells which schema an entry is held against. */
export const strategyChoiceSchema = z.looseObject({
  strategy: z.enum(Object.keys(strategySchemas) as [StrategyName, ...StrategyName[]]).optional(),
});

/** For the exported JSON schema: one of all strategies. */
export const rotationEntrySchema = z.union(Object.values(strategySchemas));
