import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildClusterJsonSchema } from '../../src/cluster/cluster-json-schema.ts';

test('the committed JSON schema is the current one (npm run schemas)', () => {
  const committed = readFileSync(new URL('../../schemas/cluster.schema.json', import.meta.url), 'utf8');
  expect(committed).toBe(`${JSON.stringify(buildClusterJsonSchema(), null, 2)}\n`);
});
