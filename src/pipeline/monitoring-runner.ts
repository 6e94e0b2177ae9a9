import type Docker from 'dockerode';
import { monitoringStack } from '../cluster/cluster.ts';
import type { Hosts } from '../remote/host.ts';
import { createSnapshotSource } from '../stack/snapshots.ts';
import type { TaskRunner } from './run-in-task.ts';

/** Runs programs in the tasks of the monitoring. */
export function createMonitoringRunner(engine: Docker, hosts: Hosts, signal: AbortSignal): TaskRunner {
  const snapshots = createSnapshotSource(engine, monitoringStack);
  return { stackName: monitoringStack, hosts, signal, read: () => snapshots.read(performance.now()) };
}
