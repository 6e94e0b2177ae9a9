import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { type ProbeTarget, probeLimits } from '../../drill/probe/options.ts';
import { InputError } from '../../errors.ts';
import { decodeText } from '../../input/decode-text.ts';
import { describeReadFailure } from '../../input/read-failure.ts';
import { checkInput, formatPath } from '../../input/schema-problems.ts';
import { readYaml } from '../../input/yaml-input.ts';

const weight = z.int().min(1).max(probeLimits.weight).optional();

const httpTarget = z.strictObject({
  kind: z.literal('http').optional(),
  name: z.string().min(1, 'a name is empty'),
  url: z.string().regex(/^https?:\/\//, 'a URL begins with http:// or https://'),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'DELETE']).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.string().optional(),
  /** Path of a file that is sent, seen from the list's folder. */
  bodyFile: z.string().optional(),
  connection: z.enum(['keep', 'new']).optional(),
  weight,
});

const socketTarget = z.strictObject({
  kind: z.enum(['http', 'tcp', 'mysql']),
  name: z.string().min(1, 'a name is empty'),
  host: z.string(),
  port: z.int().min(1, 'a port is 1 to 65535').max(65535, 'a port is 1 to 65535'),
  weight,
});

type Entry = z.infer<typeof httpTarget> | z.infer<typeof socketTarget>;

/**
 * What drills send, from a YAML list; `${NAME}` stands for variables of the cluster file.
 *
 * @throws InputError naming the file and every entry that is wrong, with its line.
 */
export async function readTargets(file: string, variables: Record<string, string>): Promise<ProbeTarget[]> {
  const bytes = await readFile(file).catch((cause) => {
    throw new InputError({ file, message: `can't be read: ${describeReadFailure(cause)}` }, { cause });
  });
  const filled = decodeText(bytes, file).replaceAll(
    /\$\{([A-Z_][A-Z0-9_]*)\}/g,
    (whole, name: string) => variables[name] ?? whole,
  );
  const { raw, locate, problems } = readYaml(filled, file);
  if (problems.length > 0) throw new InputError(problems);
  if (!Array.isArray(raw) || raw.length === 0)
    throw new InputError({
      file,
      message: 'a list of targets expected',
      next: 'write e.g. - {name: front page, url: "http://${KAWANAN_VIP}/"}',
    });
  const checked = raw.map((entry, index) => {
    const schema: z.ZodType<Entry> = isHttp(entry) ? httpTarget : socketTarget;
    return checkInput(entry, schema, { file, locate, at: [index] });
  });
  const wrong = checked.flatMap((one) => one.problems);
  if (wrong.length > 0) throw new InputError(wrong);
  return Promise.all(
    checked.map(async ({ value }, index): Promise<ProbeTarget> => {
      const one = value!;
      if ('host' in one) return one as ProbeTarget;
      const { bodyFile, ...rest } = one;
      const target = { ...rest, kind: 'http' };
      if (bodyFile === undefined) return target as ProbeTarget;
      const body = await readFile(resolve(dirname(file), bodyFile)).catch((cause) => {
        const path = [index, 'bodyFile'];
        const message = `${bodyFile} can't be read: ${describeReadFailure(cause)}`;
        throw new InputError({ file, ...locate(path), path: formatPath(path), message }, { cause });
      });
      return { ...target, body } as ProbeTarget;
    }),
  );
}

/** What says nothing of its kind, or isn't even a mapping, is held against the usual one. */
function isHttp(entry: unknown): boolean {
  if (typeof entry !== 'object' || entry === null || !('kind' in entry)) return true;
  return entry.kind === 'http';
}
