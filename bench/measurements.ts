/** Results in docs/measurements.md. */
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { root } from './run-program.ts';

/** `2026-11-21, 2 × AMD EPYC, Node.js v24.1.0, load 0.4`. */
export function describeMachine(): string {
  const day = new Date().toISOString().slice(0, 10);
  const processor = cpus()[0]?.model.trim() ?? 'unknown';
  return `${day}, ${availableParallelism()} × ${processor}, Node.js ${process.version}, load ${loadavg()[0]!.toFixed(1)}`;
}

/** A table as Markdown has it. */
export function renderMarkdownTable(header: string[], rows: string[][]): string {
  const cells = (row: string[]): string => `| ${row.join(' | ')} |`;
  return [cells(header), cells(header.map(() => '---')), ...rows.map(cells)].join('\n');
}

/** Puts a section (`## …` and what is below it) in place of the one of the last run, or behind all others. */
export async function writeSection(heading: string, body: string): Promise<void> {
  const path = join(root, 'docs/measurements.md');
  const text = await readFile(path, 'utf8').catch(() => '# Measurements\n');
  const fresh = `${heading}\n\n${body.trim()}\n`;
  const start = text.indexOf(`${heading}\n`);
  const next = start < 0 ? -1 : text.indexOf('\n## ', start + heading.length);
  const before = start < 0 ? `${text.trimEnd()}\n\n` : text.slice(0, start);
  await writeFile(path, `${before}${fresh}${next < 0 ? '' : text.slice(next)}`);
}
