import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import { loadCluster } from '../cluster/load-cluster.ts';
import { UserError } from '../errors.ts';
import { describeHolder, judgeLock } from '../lock/lock-record.ts';
import { isProcessRunning, readComputerId } from '../lock/this-process.ts';
import { neutralise } from '../output/terminal.ts';
import { type ApplyOptions, addClusterOptions, confirm, openHosts, printJson } from './session.ts';
import { openLockStore } from './with-lock.ts';

interface UnlockOptions extends ApplyOptions {
  force?: boolean;
}

export function buildCommand(context: CommandContext): Command {
  return addClusterOptions(new Command('unlock'))
    .option('-y, --yes', 'go ahead without asking')
    .option('--force', 'even from a run that gives signs of life; it stops at its next step')
    .action((options: UnlockOptions) => freeLock(options, context));
}

async function freeLock(options: UnlockOptions, context: CommandContext): Promise<void> {
  const { terminal, cwd } = context;
  const cluster = await loadCluster(options.file, cwd);
  await using hosts = openHosts(cluster, context);
  const store = await openLockStore(cluster, hosts);
  const lock = await store?.read();
  if (!store || !lock) {
    if (options.json) printJson(context, { unlocked: false });
    else terminal.out('not locked\n');
    return;
  }
  const who = describeHolder(lock.holder);
  const verdict = judgeLock(lock, { computerId: readComputerId(), isRunning: isProcessRunning });
  if (verdict === 'busy' && !options.force)
    throw new UserError(`${who} is at work`, {
      details: [`its last sign of life was ${Math.round(lock.silentMs / 1000)} s ago`],
      next: 'wait for it or end it where it runs; --force takes the lock away all the same',
    });
  await confirm(`Take the lock away from ${neutralise(who)}?`, options, context);
  await store.remove(lock.id);
  if (options.json) printJson(context, { unlocked: true, holder: lock.holder });
  else terminal.out(`unlocked; it was held by ${neutralise(who)}\n`);
}
