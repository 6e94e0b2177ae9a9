// Writes the JSON schemas of the files users write to schemas/, where editors find them. Run by `npm run schemas`.
import { mkdir, writeFile } from 'node:fs/promises';
import { buildBalancerJsonSchema } from '../src/balancer/balancer-json-schema.ts';
import { buildClusterJsonSchema } from '../src/cluster/cluster-json-schema.ts';

const folder = new URL('../schemas/', import.meta.url);
const schemas = { balancer: buildBalancerJsonSchema(), cluster: buildClusterJsonSchema() };

await mkdir(folder, { recursive: true });
for (const [name, schema] of Object.entries(schemas)) {
  await writeFile(new URL(`${name}.schema.json`, folder), `${JSON.stringify(schema, null, 2)}\n`);
}
