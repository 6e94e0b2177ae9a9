import { z } from 'zod';
import { balancerSchema } from './schema.ts';

/** The JSON schema of the `x-balancer` section, as an object with that one key: for editors, beside the compose file's own. */
export function buildBalancerJsonSchema(): object {
  const { $schema, ...section } = z.toJSONSchema(balancerSchema, { io: 'input' }) as Record<string, unknown>;
  return {
    $schema,
    title: 'kawanan: x-balancer of a compose file',
    type: 'object',
    properties: { 'x-balancer': section },
  };
}
