import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import type { CommandContext } from '../../cli.ts';
import type { ReportData } from '../../drill/report/report-data.ts';
import { InputError } from '../../errors.ts';
import { describeReadFailure } from '../../input/read-failure.ts';
import { checkWritable, explainWrite } from '../../output/explain-write.ts';

interface ReportOptions {
  html?: string;
  junit?: string;
  compare?: string;
}

/** Adds `kawanan drill report`. */
export function addReport(command: Command, context: CommandContext): void {
  command
    .command('report')
    .description('make a page to look at, or JUnit XML, of what drill run --out wrote')
    .argument('<results>', 'the file that drill run --out wrote')
    .option('--html <file>', 'write one HTML file that needs no network; report.html unless --junit is given')
    .option('--junit <file>', 'write JUnit XML')
    .option('--compare <results>', 'the file of an earlier run to compare with')
    .action((results: string, options: ReportOptions) => report(results, options, context));
}

async function report(
  results: string,
  options: ReportOptions,
  { terminal, cwd }: CommandContext,
): Promise<void> {
  for (const path of [options.html, options.junit]) if (path !== undefined) await checkWritable(path, cwd);
  const data = await readResults(resolve(cwd, results));
  const earlier =
    options.compare === undefined ? undefined : await readResults(resolve(cwd, options.compare));
  const whole: ReportData = { ...data, ...(earlier && { earlier }) };
  const html = options.html ?? (options.junit === undefined ? 'report.html' : undefined);
  const write = async (name: string, text: string): Promise<void> => {
    await explainWrite(name, () => writeFile(resolve(cwd, name), text));
    terminal.out(`${resolve(cwd, name)}\n`);
  };
  if (html !== undefined) {
    const { renderHtml } = await import('../../drill/report/render-html.ts');
    await write(html, renderHtml(whole));
  }
  if (options.junit !== undefined) {
    const { renderJunit } = await import('../../drill/report/render-junit.ts');
    await write(options.junit, renderJunit(whole));
  }
}

async function readResults(file: string): Promise<ReportData> {
  const refuse = (reason: string): InputError =>
    new InputError({
      file,
      message: `results can't be read: ${reason}`,
      next: 'kawanan drill run --all --out results.json writes such a file',
    });
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw refuse(describeReadFailure(cause));
  });
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw refuse('it is no JSON');
  }
  if (!resultsSchema.safeParse(data).success) throw refuse('it holds no results of drills');
  return data as ReportData;
}

/** As far as a report could stumble over a file that is none of ours. */
const resultsSchema = z.looseObject({
  cluster: z.string(),
  startedAt: z.string(),
  machine: z.string(),
  ratePerSecond: z.number(),
  results: z.array(
    z.looseObject({
      number: z.number(),
      name: z.string(),
      title: z.string(),
      verdict: z.enum(['met', 'missed', 'not run']),
      objectives: z.array(z.looseObject({ text: z.string(), measured: z.string(), met: z.boolean() })),
      timeline: z.array(z.looseObject({ atMs: z.number(), kind: z.string(), text: z.string() })),
      probe: z.looseObject({ figures: z.looseObject({}), records: z.array(z.looseObject({})) }).optional(),
      load: z.number(),
    }),
  ),
});
