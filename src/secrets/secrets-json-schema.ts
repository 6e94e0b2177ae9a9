import { z } from 'zod';
import { recipientsKey, recipientsSchema, secretsFileSchema } from './secrets-schema.ts';

/** The JSON schema of a secrets file, for editors. */
export function buildSecretsJsonSchema(): Record<string, unknown> {
  const { additionalProperties, ...schema } = z.toJSONSchema(secretsFileSchema, { io: 'input' });
  const { $schema: _, ...recipients } = z.toJSONSchema(recipientsSchema, { io: 'input' });
  return {
    ...schema,
    // anything but a list is a secret of that name
    properties: { [recipientsKey]: { anyOf: [recipients, additionalProperties] } },
    additionalProperties,
    title: 'kawanan secrets file',
  };
}
