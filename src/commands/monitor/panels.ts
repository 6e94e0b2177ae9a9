import type { CommandContext } from '../../cli.ts';
import { exitCodes } from '../../errors.ts';
import type { QueryVerdict } from '../../monitoring/judge-query.ts';
import { renderTable } from '../../output/table.ts';
import { neutralise } from '../../output/terminal.ts';
import { checkQueries } from '../../pipeline/check-queries.ts';
import { type ClusterOptions, printJson } from '../session.ts';
import { openMonitoring } from './open-monitoring.ts';

/** Lists panel, query and samples; the exit code is 1 where a query sees nothing and nobody knows why. */
export async function checkPanels(options: ClusterOptions, context: CommandContext): Promise<void> {
  const { terminal } = context;
  await using monitoring = await openMonitoring(options, context);
  const verdicts = await checkQueries(monitoring.ask);
  const wrong = verdicts.filter(({ verdict }) => verdict === 'missing' || verdict === 'refused');
  if (options.json) printJson(context, { queries: verdicts });
  else {
    const paint = (verdict: QueryVerdict['verdict']): string =>
      verdict === 'data'
        ? terminal.colors.green(verdict)
        : verdict === 'empty'
          ? terminal.colors.dim(verdict)
          : terminal.colors.red(verdict);
    const rows = verdicts.map(({ group, name, query, samples, verdict, reason }) => [
      group,
      name,
      String(samples),
      paint(verdict),
      neutralise(reason ?? query),
    ]);
    terminal.out(renderTable(['DASHBOARD', 'PANEL', 'SAMPLES', '', 'QUERY, OR WHY NOTHING'], rows));
    terminal.out(
      `${verdicts.length} queries, ${verdicts.filter(({ samples }) => samples > 0).length} with samples, ${wrong.length} wrong\n`,
    );
  }
  if (wrong.length > 0) context.setExitCode(exitCodes.failed);
}
