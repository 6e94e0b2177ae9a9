import { z } from 'zod';
import { rotationEntrySchema } from './schema.ts';

/** The JSON schema of the `x-secrets` section, as an object with that one key: for editors, beside the compose file's own. */
export function buildRotationJsonSchema(): object {
  const { $schema, ...section } = z.toJSONSchema(z.record(z.string(), rotationEntrySchema), {
    io: 'input',
  }) as Record<string, unknown>;
  return {
    $schema,
    title: 'kawanan: x-secrets of a compose file',
    type: 'object',
    properties: { 'x-secrets': section },
  };
}
