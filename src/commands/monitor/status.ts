import type { CommandContext } from '../../cli.ts';
import { exitCodes } from '../../errors.ts';
import { type AlertState, readAlerts, readTargets, type TargetState } from '../../monitoring/answers.ts';
import { renderTable } from '../../output/table.ts';
import { neutralise, type Terminal } from '../../output/terminal.ts';
import { type ClusterOptions, printJson } from '../session.ts';
import { openMonitoring } from './open-monitoring.ts';

/** Shows targets and alerts; the exit code is 1 where something is down. */
export async function showMonitoring(options: ClusterOptions, context: CommandContext): Promise<void> {
  await using monitoring = await openMonitoring(options, context);
  const targets = readTargets(await monitoring.ask('/api/v1/targets?state=active'));
  const alerts = readAlerts(await monitoring.ask('/api/v1/alerts'));
  if (options.json) printJson(context, { targets, alerts });
  else context.terminal.out(renderMonitoring(targets, alerts, context.terminal.colors));
  if (isSomethingDown(targets, alerts)) context.setExitCode(exitCodes.failed);
}

/** Whether a target doesn't answer, or an alert fires that tells of more than an age. */
export function isSomethingDown(targets: readonly TargetState[], alerts: readonly AlertState[]): boolean {
  return (
    targets.some(({ state }) => state === 'down') ||
    alerts.some(({ state, severity }) => state === 'firing' && severity !== 'info')
  );
}

/** What a person reads: targets by job, then alerts. */
export function renderMonitoring(
  targets: TargetState[],
  alerts: AlertState[],
  colors: Terminal['colors'],
): string {
  const paint = { up: colors.green, down: colors.red, unknown: colors.yellow };
  const rows = targets.map(({ job, instance, node, state, error }) => [
    job,
    instance,
    node === instance ? '' : (node ?? ''),
    paint[state](state),
    neutralise(error ?? ''),
  ]);
  const up = targets.filter(({ state }) => state === 'up').length;
  const lines = alerts.map(({ name, state, severity, summary, runbook }) => [
    state === 'firing' ? colors.red(name) : colors.yellow(name),
    state,
    severity,
    neutralise(summary),
    runbook,
  ]);
  return [
    renderTable(['JOB', 'TARGET', 'ON', 'STATE', ''], rows),
    `${up} of ${targets.length} targets up\n`,
    alerts.length === 0
      ? 'no alerts\n'
      : `\n${renderTable(['ALERT', 'STATE', 'SEVERITY', 'WHAT', 'RUNBOOK'], lines)}`,
  ].join('');
}
