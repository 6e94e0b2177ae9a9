// The JSON schemas of what users write, by file name. `scripts/export-schemas.ts` writes them, a test holds them current.
import { buildBalancerJsonSchema } from '../src/balancer/balancer-json-schema.ts';
import { buildClusterJsonSchema } from '../src/cluster/cluster-json-schema.ts';
import { buildRotationJsonSchema } from '../src/rotation/rotation-json-schema.ts';
import { buildSecretsJsonSchema } from '../src/secrets/secrets-json-schema.ts';

/** File name in schemas/ → content. */
export function renderSchemas(): Record<string, string> {
  const schemas = {
    'cluster.schema.json': buildClusterJsonSchema(),
    'secrets.schema.json': buildSecretsJsonSchema(),
    'balancer.schema.json': buildBalancerJsonSchema(),
    'rotation.schema.json': buildRotationJsonSchema(),
  };
  const texts = Object.entries(schemas).map(([name, schema]) => [
    name,
    `${JSON.stringify(schema, null, 2)}\n`,
  ]);
  return Object.fromEntries(texts);
}
