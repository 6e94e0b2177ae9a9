/** One change of a cluster at a time: the commands that change one hold its lock meanwhile. */
import type { CommandContext } from '../cli.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { ClusterLock } from '../lock/hold-lock.ts';
import type { LockStore } from '../lock/lock-store.ts';
import { neutralise } from '../output/terminal.ts';
import type { Hosts } from '../remote/host.ts';
import type { ApplyOptions } from './session.ts';

export interface LockTarget {
  cluster: Cluster;
  hosts: Hosts;
  /** The command, as others read it in the lock. */
  command: string;
  options: ApplyOptions;
}

const defaultWaitSeconds = 300;

/** Runs `work`, which takes the lock when it is time to, and gives the lock back however it ends. */
export async function withClusterLock<Result>(
  { cluster, hosts, command, options }: LockTarget,
  { terminal, signal }: CommandContext,
  work: (lock: ClusterLock) => Promise<Result>,
): Promise<Result> {
  const [{ createClusterLock }, { describeThisProcess, isProcessRunning }] = await Promise.all([
    import('../lock/hold-lock.ts'),
    import('../lock/this-process.ts'),
  ]);
  const holder = describeThisProcess('automatic', command);
  const lock = createClusterLock({
    connect: () => openLockStore(cluster, hosts),
    holder,
    here: { computerId: holder.computerId, isRunning: isProcessRunning },
    waitMs: (options.lockWait ?? defaultWaitSeconds) * 1000,
    tell: (message) => terminal.err(`${neutralise(message)}\n`),
    signal,
  });
  try {
    return await work(lock);
  } finally {
    await lock.release();
  }
}

/** The place of the cluster's lock; `undefined` where there is no swarm. */
export async function openLockStore(cluster: Cluster, hosts: Hosts): Promise<LockStore | undefined> {
  const [{ findManager }, { createLockStore }] = await Promise.all([
    import('../swarm/connect-manager.ts'),
    import('../lock/lock-store.ts'),
  ]);
  const manager = await findManager(cluster, hosts);
  return manager.kind === 'found' ? createLockStore(manager.engine) : undefined;
}
