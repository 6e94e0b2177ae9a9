/** What drills came to, for people and for files. */
import { rename, writeFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import type { CommandContext } from '../../cli.ts';
import { renderReceipt } from '../../drill/probe/render-receipt.ts';
import type { ReferenceRow, ReportData } from '../../drill/report/report-data.ts';
import type { DrillResult } from '../../drill/run-drill.ts';
import { explainWrite } from '../../output/explain-write.ts';
import { formatCount } from '../../output/format.ts';
import { renderTable } from '../../output/table.ts';
import { neutralise } from '../../output/terminal.ts';

/** Verdict, figures, objectives; of a drill that missed also its timeline. */
export function printResult(result: DrillResult, context: CommandContext): void {
  const { terminal } = context;
  const { colors } = terminal;
  const marks = {
    met: colors.green('met    '),
    missed: colors.red('missed '),
    'not run': colors.yellow('not run'),
  };
  terminal.out(`${marks[result.verdict]} ${result.number} ${result.name}: ${result.title}\n`);
  if (result.reason !== undefined) terminal.out(`        ${neutralise(result.reason)}\n`);
  if (result.probe) terminal.out(`        ${renderReceipt(result.probe.figures)}\n`);
  for (const { text, measured, met } of result.objectives)
    terminal.out(`        ${met ? colors.green('✓') : colors.red('✗')} ${text}: ${neutralise(measured)}\n`);
  for (const line of result.causes ?? []) terminal.out(`        ${neutralise(line)}\n`);
  if (result.uncounted)
    terminal.out(
      `        not counted, for no other machine serves it, or what it depends on: ${neutralise(result.uncounted.join(', '))}\n`,
    );
  if (result.verdict === 'missed') printTimeline(result, context);
}

/** What a person reads to the end; the report has all of it. */
const toldEvents = 30;

/** The events of a drill; of many those of servers and tasks are left out first. */
function printTimeline({ timeline }: DrillResult, { terminal }: CommandContext): void {
  const few = timeline.length <= toldEvents;
  const chosen = few ? timeline : timeline.filter(({ kind }) => kind !== 'server' && kind !== 'docker');
  const told = chosen.slice(0, toldEvents);
  for (const { atMs, host, text } of told)
    terminal.out(
      terminal.colors.dim(`        ${(atMs / 1000).toFixed(3)} s ${host ?? 'here'}: ${neutralise(text)}\n`),
    );
  const left = timeline.length - told.length;
  if (left > 0)
    terminal.out(
      terminal.colors.dim(
        `        and ${formatCount(left, 'more event')}: drill run --out FILE, drill report FILE\n`,
      ),
    );
}

/** How many came out how. */
export function printSummary(results: DrillResult[], { terminal }: CommandContext): void {
  const count = (verdict: DrillResult['verdict']): number =>
    results.filter((one) => one.verdict === verdict).length;
  terminal.out(
    `${formatCount(results.length, 'drill')}: ${count('met')} met, ${count('missed')} missed, ${count('not run')} not run\n`,
  );
}

/** The reference's figures beside ours. */
export function printReference(rows: ReferenceRow[], { terminal }: CommandContext): void {
  terminal.out(
    renderTable(
      ['TEST', 'PUBLISHED', 'HERE'],
      rows.map(({ what, published, measured }) => [what, published, neutralise(measured)]),
    ),
  );
}

/** The computer that measures, in words. */
export function describeMachine(): string {
  return `${formatCount(availableParallelism(), 'core')}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node.js ${process.versions.node}`;
}

/** Writes what there is so far, whole or not at all: a run of many drills may be ended at any moment. */
export async function writeResults(file: string, data: ReportData): Promise<void> {
  await explainWrite(file, async () => {
    await writeFile(`${file}.half`, `${JSON.stringify(data)}\n`);
    await rename(`${file}.half`, file);
  });
}

/** Without the single requests, which are thousands. */
export function withoutRecords({ probe, ...rest }: DrillResult): object {
  if (!probe) return rest;
  const { records: _, ...figures } = probe;
  return { ...rest, probe: figures };
}
