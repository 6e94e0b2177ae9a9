/** A change under load, with a receipt of what clients noticed: for every command that changes what a cluster serves. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BalancerModel } from '../balancer/backends.ts';
import type { CommandContext } from '../cli.ts';
import { balancers, type Cluster, listVirtualAddresses, type ReceiptSettings } from '../cluster/cluster.ts';
import type { FittedLoad } from '../drill/derive-load.ts';
import type { Receipt } from '../drill/receipt/receipt.ts';
import { exitCodes, InputError, UserError } from '../errors.ts';
import { explainWrite } from '../output/explain-write.ts';
import { neutralise } from '../output/terminal.ts';
import type { ApplyOptions } from './session.ts';

export interface ReceiptTarget {
  cluster: Cluster;
  /** What the balancers serve; asked for only when a receipt is taken. */
  model: () => BalancerModel | Promise<BalancerModel>;
  /** The command, as the receipt names it. */
  command: string;
  options: Pick<ApplyOptions, 'receipt'>;
}

/**
 * Runs `change` under load, where somebody answers to it; keeps the receipt where the cluster file says. Over a budget
 * that was set, the command ends with exit code 1. Tell the receipt last, by {@link tellReceipt}; of a change that
 * fails it is told here.
 *
 * @returns what it came to and the receipt, absent where there is none. @throws what `change` throws.
 */
export async function withReceipt<Result>(
  { cluster, model, command, options }: ReceiptTarget,
  context: CommandContext,
  change: () => Promise<Result>,
): Promise<{ result: Result; receipt?: Receipt }> {
  const settings: Partial<ReceiptSettings> = cluster.receipt || {};
  const asked = options.receipt ?? (cluster.receipt !== undefined ? cluster.receipt !== false : undefined);
  const load = asked === false ? undefined : await chooseLoad({ cluster, model, asked }, context);
  if (!load) return { result: await change() };
  const { takeReceipt } = await import('../drill/receipt/take-receipt.ts');
  // Who has set no limit is told what was lost, and decides.
  const { ratePerSecond = 100, budget = asked ? { failed: 0 } : {}, targets: file, keep } = settings;
  const { outcome, receipt, records } = await takeReceipt(
    {
      what: command,
      targets: load.targets,
      unmeasured: load.silent,
      ratePerSecond,
      budget,
      insecure: file === undefined,
      signal: context.signal,
    },
    change,
  );
  if (keep !== undefined) await keepReceipt(join(keep, nameFile(receipt)), { ...receipt, records }, context);
  if (outcome.status === 'rejected') {
    await tellReceipt(receipt, context);
    throw outcome.reason;
  }
  if (receipt.missed.length > 0) context.setExitCode(exitCodes.failed);
  return { result: outcome.value, receipt };
}

/** Prints a receipt, its one line last. On standard error: standard output is the command's result. */
export async function tellReceipt(receipt: Receipt | undefined, { terminal }: CommandContext): Promise<void> {
  if (!receipt) return;
  const { describeLosses, describeReceipt } = await import('../drill/receipt/describe-receipt.ts');
  const { colors } = terminal;
  const tell = (text: string): void => terminal.err(`${text}\n`);
  for (const line of receipt.unmeasured)
    tell(neutralise(`receipt: not measured, for it failed before: ${line}`));
  for (const line of describeLosses(receipt)) tell(neutralise(`receipt: ${line}`));
  for (const line of receipt.missed) tell(`receipt: ${colors.red('over budget')}: ${line}`);
  tell(`receipt: ${neutralise(describeReceipt(receipt))}`);
}

/** A target that is slower than this is taken for one that doesn't answer. */
const answerWithinMs = 1000;

/** What to send; nothing, with a word about it, where nobody answers, or where there is nothing that could. */
async function chooseLoad(
  { cluster, model, asked }: { cluster: Cluster; model: ReceiptTarget['model']; asked: boolean | undefined },
  { terminal }: CommandContext,
): Promise<FittedLoad | undefined> {
  const file = cluster.receipt ? cluster.receipt.targets : undefined;
  const addresses = listVirtualAddresses(cluster).map(({ address }) => address);
  const entries = addresses.length > 0 ? addresses : [cluster.variables['KAWANAN_VIP'] ?? ''];
  const [{ deriveTargets, fitTargets }, { tryTargets }, { readTargets }] = await Promise.all([
    import('../drill/derive-load.ts'),
    import('../drill/probe/try-targets.ts'),
    import('./drill/read-targets.ts'),
  ]);
  const derive = async () => {
    if (balancers(cluster).length === 0) return [];
    try {
      return deriveTargets(await model(), entries);
    } catch (error) {
      // What is wrong with the files is no reason not to drain a node.
      if (asked || !(error instanceof UserError)) throw error;
      terminal.err(neutralise(`no receipt: ${error.message}`));
      terminal.err('\n');
      return undefined;
    }
  };
  const targets = file ? await readTargets(file, cluster.variables) : await derive();
  if (targets === undefined) return undefined;
  if (targets.length === 0) {
    if (!asked) return undefined;
    throw new InputError({
      file: cluster.file,
      message: 'there is nothing to measure a receipt by: no balancer serves anything',
      next: 'add x-balancer to the compose file, or name what to send in receipt.targets; or say --no-receipt',
    });
  }
  const answers = await tryTargets(targets, answerWithinMs);
  const { targets: fitted, silent } = fitTargets(targets, answers);
  if (fitted.length === 0) {
    const where = file ?? entries.join(' or ');
    terminal.err(`no receipt: nothing answers at ${where} yet (${neutralise(silent[0]!)})\n`);
    return undefined;
  }
  // What somebody has written down is sent as it stands: he has said what he expects.
  return file ? { targets, silent: [] } : { targets: fitted, silent };
}

async function keepReceipt(path: string, receipt: object, { terminal }: CommandContext): Promise<void> {
  await explainWrite(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${JSON.stringify(receipt)}\n`);
  });
  terminal.err(`receipt kept in ${path}\n`);
}

/** Sorted by time, without characters that a file system minds. */
function nameFile({ what, startedAt }: Receipt): string {
  return `${startedAt.replaceAll(':', '-').replace(/\.\d+/, '')}-${what.replaceAll(/[^a-z0-9]+/gi, '-')}.json`;
}
