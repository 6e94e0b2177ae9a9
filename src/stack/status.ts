/** Reads how a stack is right now. Changes nothing. */
import type Docker from 'dockerode';
import { createSnapshotSource } from './snapshots.ts';
import { type StackStatus, summariseStack } from './summarise-stack.ts';

export type { ServiceStatus, StackStatus, TaskStatus } from './summarise-stack.ts';

/** A stack's services and tasks, from a manager's engine in one round trip; no services where there is no such stack. */
export async function readStackStatus(engine: Docker, stackName: string): Promise<StackStatus> {
  return summariseStack(stackName, await createSnapshotSource(engine, stackName).read(0));
}
