/** Every service of the swarm and its tasks, of whichever stack. Changes nothing. */
import type Docker from 'dockerode';
import { askSwarm } from './ask-swarm.ts';
import { dropNulls, readNode } from './observe.ts';
import type { ObservedService, ObservedTask } from './observed.ts';
import type { Snapshot } from './snapshots.ts';

export async function observeAllTasks(engine: Docker): Promise<Snapshot> {
  const [services, tasks, nodes] = await askSwarm(
    Promise.all([engine.listServices(), engine.listTasks(), engine.listNodes()]),
  );
  return {
    services: dropNulls<ObservedService[]>(services ?? []),
    tasks: dropNulls<ObservedTask[]>(tasks ?? []),
    nodes: (nodes as never[]).map(readNode),
  };
}
