import type { CommandContext } from '../../cli.ts';
import { readSeries } from '../../monitoring/answers.ts';
import { renderTable } from '../../output/table.ts';
import { neutralise } from '../../output/terminal.ts';
import { type ClusterOptions, printJson } from '../session.ts';
import { openMonitoring } from './open-monitoring.ts';

/** Puts one query to Prometheus and prints what it has now. */
export async function queryMonitoring(
  expr: string,
  options: ClusterOptions,
  context: CommandContext,
): Promise<void> {
  await using monitoring = await openMonitoring(options, context);
  const series = readSeries(await monitoring.ask('/api/v1/query', `query=${encodeURIComponent(expr)}`));
  if (options.json) return printJson(context, { series });
  const rows = series.map(({ labels, value }) => [
    neutralise(
      Object.entries(labels)
        .map(([name, text]) => `${name}=${text}`)
        .join(' '),
    ),
    String(value),
  ]);
  context.terminal.out(series.length === 0 ? 'nothing\n' : renderTable(['SERIES', 'VALUE'], rows));
}
