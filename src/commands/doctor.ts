import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { exitCodes } from '../errors.ts';
import { formatCount } from '../output/format.ts';
import { neutralise } from '../output/terminal.ts';
import { examineCluster } from '../pipeline/doctor.ts';
import { examineFiles } from '../pipeline/examine/examine-files.ts';
import { describeMend, type Finding, type Mend } from '../pipeline/finding.ts';
import { loadRemovalInputs } from '../pipeline/inputs.ts';
import type { Hosts } from '../remote/host.ts';
import { type ApplyOptions, addClusterOptions, confirm, openHosts, printJson } from './session.ts';
import { withClusterLock } from './with-lock.ts';

interface DoctorOptions extends ApplyOptions {
  mend?: boolean;
}

export function buildCommand(context: CommandContext): Command {
  return addClusterOptions(new Command('doctor'))
    .option('--mend', 'offer to do what can be done from here about what is broken')
    .option('-y, --yes', 'with --mend: do it without asking')
    .action((options: DoctorOptions) => examine(options, context));
}

async function examine(options: DoctorOptions, context: CommandContext): Promise<void> {
  const { cwd, env, signal } = context;
  const { findings, inputs } = await examineFiles({ ...options, cwd, env, writeSecrets: false });
  // A broken compose file is no reason not to look at the machines; a broken cluster file is.
  const cluster = await loadRemovalInputs({ ...options, cwd, env }).then(
    (loaded) => loaded.cluster,
    () => undefined,
  );
  if (!cluster) return report(findings, options, context);
  await using hosts = openHosts(cluster, context);
  findings.push(...(await examineCluster(cluster, hosts, signal, inputs)));
  report(findings, options, context);
  if (options.mend) await mendAll(findings, cluster, hosts, options, context);
}

function report(findings: Finding[], options: DoctorOptions, context: CommandContext): void {
  if (options.json) printJson(context, findings);
  else printFindings(findings, options.mend ?? false, context);
  if (findings.some(({ verdict }) => verdict === 'broken')) context.setExitCode(exitCodes.failed);
}

function printFindings(findings: Finding[], mending: boolean, { terminal }: CommandContext): void {
  const { colors } = terminal;
  const marks = {
    ok: colors.green('ok     '),
    warning: colors.yellow('warning'),
    broken: colors.red('broken '),
  };
  for (const { verdict, about, message, evidence = [], next } of findings) {
    terminal.out(`${marks[verdict]} ${about}: ${neutralise(message)}\n`);
    for (const line of evidence) terminal.out(`        ${colors.dim(`· ${neutralise(line)}`)}\n`);
    if (next !== undefined) terminal.out(`        ${colors.cyan('next')} ${neutralise(next)}\n`);
  }
  const count = (verdict: Finding['verdict']): number =>
    findings.filter((finding) => finding.verdict === verdict).length;
  terminal.out(
    `${formatCount(findings.length, 'finding')}: ${count('broken')} broken, ${formatCount(count('warning'), 'warning')}\n`,
  );
  const mends = listMends(findings);
  if (mends.length > 0 && !mending)
    terminal.out(`kawanan doctor --mend offers to: ${mends.map(describeMend).join('; ')}\n`);
}

/** What can be done, each once. */
function listMends(findings: Finding[]): Mend[] {
  const mends = findings.flatMap(({ mend }) => (mend ? [mend] : []));
  return mends.filter(
    (mend, index) => mends.findIndex((one) => describeMend(one) === describeMend(mend)) === index,
  );
}

async function mendAll(
  findings: Finding[],
  cluster: Cluster,
  hosts: Hosts,
  options: DoctorOptions,
  context: CommandContext,
): Promise<void> {
  const mends = listMends(findings);
  if (mends.length === 0) {
    context.terminal.err('nothing of this can be mended from here; the lines marked "next" say what to do\n');
    return;
  }
  const { applyMend } = await import('../pipeline/apply-mend.ts');
  const target = { cluster, hosts, command: 'doctor --mend', options };
  for (const mend of mends) {
    await confirm(`${describeMend(mend)}?`, options, context);
    await withClusterLock(target, context, async (lock) => {
      await lock.ensure();
      await applyMend(mend, cluster, hosts);
    });
    context.terminal.err(`done: ${describeMend(mend)}\n`);
  }
  context.terminal.err('kawanan doctor says whether it helped\n');
}
