// Writes the JSON schemas of the files users write to schemas/, where editors find them. Run by `npm run schemas`.
import { mkdir, writeFile } from 'node:fs/promises';
import { renderSchemas } from './schemas.ts';

const folder = new URL('../schemas/', import.meta.url);
await mkdir(folder, { recursive: true });
for (const [name, text] of Object.entries(renderSchemas())) await writeFile(new URL(name, folder), text);
