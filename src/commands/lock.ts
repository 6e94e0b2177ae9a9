import { Argument, Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import { loadCluster } from '../cluster/load-cluster.ts';
import { UserError } from '../errors.ts';
import { describeHolder, judgeLock } from '../lock/lock-record.ts';
import { describeThisProcess, isProcessRunning, readComputerId } from '../lock/this-process.ts';
import { neutralise } from '../output/terminal.ts';
import { addClusterOptions, type ClusterOptions, openHosts, printJson } from './session.ts';
import { openLockStore } from './with-lock.ts';

interface LockOptions extends ClusterOptions {
  why?: string;
}

export function buildCommand(context: CommandContext): Command {
  return addClusterOptions(new Command('lock'))
    .addArgument(new Argument('[status]', 'show who holds the lock, and take none').choices(['status']))
    .option('--why <reason>', 'shown to everyone who finds the cluster locked')
    .action((action: 'status' | undefined, options: LockOptions) =>
      action === 'status' ? showLock(options, context) : takeLock(options, context),
    );
}

async function takeLock(options: LockOptions, context: CommandContext): Promise<void> {
  const cluster = await loadCluster(options.file, context.cwd);
  await using hosts = openHosts(cluster, context);
  const store = await openLockStore(cluster, hosts);
  if (!store) throw new UserError('there is no swarm yet, and nothing to lock', { next: 'kawanan up' });
  const holder = describeThisProcess('manual', options.why ?? '');
  if (!(await store.create(holder))) {
    const lock = await store.read();
    throw new UserError(`the cluster is locked by ${lock ? describeHolder(lock.holder) : 'someone'}`, {
      next: '`kawanan lock status` shows more; `kawanan unlock` gives it back',
    });
  }
  if (options.json) printJson(context, { locked: true, holder });
  else context.terminal.out(`locked ${cluster.name}: nobody can change it until \`kawanan unlock\`\n`);
}

async function showLock(options: ClusterOptions, context: CommandContext): Promise<void> {
  const { terminal, cwd } = context;
  const cluster = await loadCluster(options.file, cwd);
  await using hosts = openHosts(cluster, context);
  const lock = await (await openLockStore(cluster, hosts))?.read();
  if (!lock) {
    if (options.json) printJson(context, { locked: false });
    else terminal.out('not locked\n');
    return;
  }
  const verdict = judgeLock(lock, { computerId: readComputerId(), isRunning: isProcessRunning });
  if (options.json) {
    printJson(context, { locked: true, verdict, silentMs: lock.silentMs, holder: lock.holder });
    return;
  }
  const meanings = {
    manual: '`kawanan unlock` gives it back',
    busy: `it is at work; its last sign of life was ${Math.round(lock.silentMs / 1000)} s ago`,
    abandoned: 'its process is gone: the next run takes it over by itself',
    silent: `no sign of life for ${Math.round(lock.silentMs / 1000)} s: it seems dead. Make sure of that on ${lock.holder.computer}, then: kawanan unlock`,
  };
  terminal.out(`locked by ${neutralise(describeHolder(lock.holder))}\n${neutralise(meanings[verdict])}\n`);
}
