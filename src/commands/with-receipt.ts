/** A change under load, with a receipt of what clients noticed: for every command that changes a cluster. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { CommandContext } from '../cli.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Receipt } from '../drill/receipt/receipt.ts';
import { exitCodes, InputError } from '../errors.ts';
import type { StackDefinition } from '../stack/definition.ts';

export interface ReceiptOptions {
  /** Asked for, or not, on the command line; otherwise the cluster file decides. */
  receipt?: boolean;
}

export interface ReceiptTarget {
  cluster: Cluster;
  definition: StackDefinition;
  /** The command, as the receipt names it. */
  command: string;
  options: ReceiptOptions;
}

/**
 * Runs `change`, under load where that is asked for; prints the receipt and keeps it where the cluster file says.
 * Over its budget, the command ends with exit code 1.
 *
 * @returns what it came to and the receipt, absent where none was asked for. @throws what `change` throws.
 */
export async function withReceipt<Result>(
  target: ReceiptTarget,
  context: CommandContext,
  change: () => Promise<Result>,
): Promise<{ result: Result; receipt?: Receipt }> {
  const { cluster, definition, command, options } = target;
  const { terminal, signal, setExitCode } = context;
  if (!(options.receipt ?? cluster.receipt !== undefined)) return { result: await change() };
  const [{ takeReceipt }, { deriveTargets }, { planBackends }, { readTargets }, { renderReceipt }] =
    await Promise.all([
      import('../drill/receipt/take-receipt.ts'),
      import('../drill/derive-load.ts'),
      import('../balancer/backends.ts'),
      import('./drill/read-targets.ts'),
      import('../drill/probe/render-receipt.ts'),
    ]);
  const { targets: file, ratePerSecond = 100, budget = { failed: 0 }, keep } = cluster.receipt ?? {};
  const address = cluster.variables['KAWANAN_VIP'] ?? '';
  const targets = file
    ? await readTargets(file, cluster.variables)
    : deriveTargets(planBackends(definition, cluster), address);
  if (targets.length === 0)
    throw new InputError({
      file: cluster.file,
      message: 'there is nothing to measure a receipt by: no balancer serves anything',
      next: 'add x-balancer to the compose file, or name what to send in receipt.targets; or say --no-receipt',
    });
  const { outcome, receipt, records } = await takeReceipt(
    { what: command, targets, ratePerSecond, budget, signal },
    change,
  );
  terminal.err(`receipt, before: ${renderReceipt(receipt.before)}\n`);
  terminal.err(`receipt, during: ${renderReceipt(receipt.during)}\n`);
  for (const line of receipt.missed) terminal.err(`${terminal.colors.red('over budget')} ${line}\n`);
  if (keep !== undefined) {
    const path = join(resolve(dirname(cluster.file), keep), nameFile(receipt));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${JSON.stringify({ ...receipt, records })}\n`);
    terminal.err(`receipt kept in ${path}\n`);
  }
  if (outcome.status === 'rejected') throw outcome.reason;
  if (receipt.missed.length > 0) setExitCode(exitCodes.failed);
  return { result: outcome.value, receipt };
}

/** Sorted by time, without characters that a file system minds. */
function nameFile({ what, startedAt }: Receipt): string {
  return `${startedAt.replaceAll(':', '-').replace(/\.\d+/, '')}-${what.replaceAll(/[^a-z0-9]+/gi, '-')}.json`;
}
