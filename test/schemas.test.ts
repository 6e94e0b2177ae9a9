import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { renderSchemas } from '../scripts/schemas.ts';

const folder = new URL('../schemas/', import.meta.url);
const schemas = renderSchemas();

test('the folder of JSON schemas holds those that are exported, and no others', () => {
  expect(readdirSync(folder).sort()).toEqual(Object.keys(schemas).sort());
});

test.each(Object.entries(schemas))('%s is the current one (npm run schemas)', (name, text) => {
  expect(readFileSync(new URL(name, folder), 'utf8')).toBe(text);
});
