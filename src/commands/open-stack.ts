/** The stacks of a cluster file on its swarm, for the commands that look into them. */
import type Docker from 'dockerode';
import type { CommandContext } from '../cli.ts';
import { chooseStacks } from '../cluster/choose-stack.ts';
import { loadCluster } from '../cluster/load-cluster.ts';
import type { Hosts } from '../remote/host.ts';
import { chooseStackOf } from '../stack/find-service.ts';
import type { Snapshot } from '../stack/snapshots.ts';
import { openHosts, type StackOptions } from './session.ts';

export interface OpenStack {
  name: string;
  /** Services, tasks and nodes as they are now. */
  read(): Promise<Snapshot>;
}

export interface OpenStacks extends AsyncDisposable {
  /** In the order of the cluster file. */
  stacks: OpenStack[];
  engine: Docker;
  hosts: Hosts;
}

/** @throws UserError where the cluster file names no stack, or no manager answers; InputError for an unknown stack. */
export async function openStacks(options: StackOptions, context: CommandContext): Promise<OpenStacks> {
  const [{ connectManager }, { createSnapshotSource }] = await Promise.all([
    import('../swarm/connect-manager.ts'),
    import('../stack/snapshots.ts'),
  ]);
  const cluster = await loadCluster(options.file, context.cwd);
  const chosen = chooseStacks(cluster, options.stack === undefined ? [] : [options.stack]);
  const hosts = openHosts(cluster, context);
  try {
    const { engine } = await connectManager(cluster, hosts);
    return {
      stacks: chosen.map(({ name }) => {
        const snapshots = createSnapshotSource(engine, name);
        return { name, read: () => snapshots.read(performance.now()) };
      }),
      engine,
      hosts,
      [Symbol.asyncDispose]: () => hosts.close(),
    };
  } catch (error) {
    await hosts.close();
    throw error;
  }
}

/** The stack that a service is of, and how it is. @throws UserError as `chooseStackOf`. */
export async function findStackOf(
  service: string,
  { stacks }: OpenStacks,
): Promise<OpenStack & { snapshot: Snapshot }> {
  const read = await Promise.all(stacks.map(async (stack) => ({ ...stack, snapshot: await stack.read() })));
  const name = chooseStackOf(
    service,
    read.map((stack) => ({ name: stack.name, services: stack.snapshot.services })),
  );
  return read.find((stack) => stack.name === name)!;
}
