/** One stream of looks at a stack, shared by everything that waits for something in it. */
import type Docker from 'dockerode';
import { askSwarm } from './ask-swarm.ts';
import { listStackServices, listStackTasks, readNode } from './observe.ts';
import type { ObservedNode, ObservedService, ObservedTask } from './observed.ts';

export interface Snapshot {
  services: ObservedService[];
  tasks: ObservedTask[];
  nodes: ObservedNode[];
}

export interface SnapshotSource {
  /** A look at the stack that began after the call `since` was answered; many askers share one. */
  read(since: number): Promise<Snapshot>;
}

/** A look is good for this long: twenty services that wait ask the engine four times a second, not eighty. */
const freshMs = 200;

export function createSnapshotSource(engine: Docker, stackName: string): SnapshotSource {
  let last: { startedAt: number; snapshot: Promise<Snapshot> } | undefined;
  const look = async (): Promise<Snapshot> => {
    const [services, tasks, nodes] = await askSwarm(
      Promise.all([
        listStackServices(engine, stackName),
        listStackTasks(engine, stackName),
        engine.listNodes(),
      ]),
    );
    return { services, tasks, nodes: (nodes as never[]).map(readNode) };
  };
  return {
    read: (since) => {
      const now = performance.now();
      if (!last || last.startedAt < since || now - last.startedAt > freshMs) {
        last = { startedAt: now, snapshot: look() };
        // The askers see the failure; the promise kept here must not count as unhandled.
        last.snapshot.catch(() => {});
      }
      return last.snapshot;
    },
  };
}
