import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import { exitCodes } from '../errors.ts';
import { formatCount } from '../output/format.ts';
import { neutralise } from '../output/terminal.ts';
import { examineCluster, examineFiles, type Finding } from '../pipeline/doctor.ts';
import { loadRemovalInputs } from '../pipeline/inputs.ts';
import { addClusterOptions, type ClusterOptions, openHosts, printJson } from './session.ts';

export function buildCommand(context: CommandContext): Command {
  return addClusterOptions(new Command('doctor')).action((options: ClusterOptions) =>
    examine(options, context),
  );
}

async function examine(options: ClusterOptions, context: CommandContext): Promise<void> {
  const { cwd, env, signal } = context;
  const { findings } = await examineFiles({ ...options, cwd, env, writeSecrets: false });
  // A broken compose file is no reason not to look at the machines; a broken cluster file is.
  const cluster = await loadRemovalInputs({ ...options, cwd }).then(
    (inputs) => inputs.cluster,
    () => undefined,
  );
  if (cluster) {
    await using hosts = openHosts(cluster, context);
    findings.push(...(await examineCluster(cluster, hosts, signal)));
  }
  if (options.json) printJson(context, findings);
  else printFindings(findings, context);
  if (findings.some(({ verdict }) => verdict === 'broken')) context.setExitCode(exitCodes.failed);
}

function printFindings(findings: Finding[], { terminal }: CommandContext): void {
  const { colors } = terminal;
  const marks = {
    ok: colors.green('ok     '),
    warning: colors.yellow('warning'),
    broken: colors.red('broken '),
  };
  for (const { verdict, about, message, next } of findings) {
    terminal.out(`${marks[verdict]} ${about}: ${neutralise(message)}\n`);
    if (next !== undefined) terminal.out(`        ${colors.cyan('next')} ${neutralise(next)}\n`);
  }
  const count = (verdict: Finding['verdict']): number =>
    findings.filter((finding) => finding.verdict === verdict).length;
  terminal.out(
    `${formatCount(findings.length, 'finding')}: ${count('broken')} broken, ${formatCount(count('warning'), 'warning')}\n`,
  );
}
