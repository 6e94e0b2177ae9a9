import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { ProbeTarget } from '../../drill/probe/options.ts';
import { InputError } from '../../errors.ts';

const weight = z.int().min(1).max(1000).optional();

const target = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('http').default('http'),
    name: z.string().min(1),
    url: z.string().regex(/^https?:\/\//, 'a URL begins with http:// or https://'),
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'DELETE']).optional(),
    headers: z.record(z.string(), z.string()).optional(),
    body: z.string().optional(),
    /** Path of a file that is sent, seen from the list's folder. */
    bodyFile: z.string().optional(),
    connection: z.enum(['keep', 'new']).optional(),
    weight,
  }),
  z.strictObject({
    kind: z.enum(['tcp', 'mysql']),
    name: z.string().min(1),
    host: z.string(),
    port: z.int(),
    weight,
  }),
]);

/**
 * What drills send, from a YAML list; `${NAME}` stands for variables of the cluster file.
 *
 * @throws InputError naming the file and every entry that is wrong.
 */
export async function readTargets(file: string, variables: Record<string, string>): Promise<ProbeTarget[]> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new InputError({ file, message: `can't be read: ${cause.message}` }, { cause });
  });
  const filled = text.replaceAll(
    /\$\{([A-Z_][A-Z0-9_]*)\}/g,
    (whole, name: string) => variables[name] ?? whole,
  );
  const entries = ((): unknown => {
    try {
      return parse(filled);
    } catch (cause) {
      throw new InputError({ file, message: (cause as Error).message }, { cause });
    }
  })();
  const list = Array.isArray(entries)
    ? entries.map((entry) =>
        entry !== null && typeof entry === 'object' ? { kind: 'http', ...entry } : entry,
      )
    : entries;
  const { data, error } = z.array(target).min(1, 'name at least one target').safeParse(list);
  if (!data)
    throw new InputError(error.issues.map(({ path, message }) => ({ file, path: path.join('.'), message })));
  return Promise.all(
    data.map(async (one): Promise<ProbeTarget> => {
      if (one.kind !== 'http') return one as ProbeTarget;
      const { bodyFile, ...rest } = one;
      if (bodyFile === undefined) return rest as ProbeTarget;
      const body = await readFile(resolve(dirname(file), bodyFile)).catch((cause) => {
        throw new InputError(
          { file, path: 'bodyFile', message: `${bodyFile} can't be read: ${cause.message}` },
          { cause },
        );
      });
      return { ...rest, body } as ProbeTarget;
    }),
  );
}
