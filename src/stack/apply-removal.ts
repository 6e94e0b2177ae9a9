/** Takes things away and waits until they are really gone. */
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { InterruptedError, UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import { readEngineMessage } from '../remote/engine-call.ts';
import { type ApplyContext, refusal } from './apply-context.ts';
import { isInUse, isNotFound } from './engine-errors.ts';
import { stackNamespaceLabel } from './engine-types.ts';
import { reportChanges } from './report-changes.ts';

/** On top of a service's own grace period. */
const patienceMs = 60_000;
/** Agents remove the containers of tasks that are gone; after this long we do it. */
const containerPatienceMs = 20_000;
const pollMs = 250;

const gone = new Set(['complete', 'shutdown', 'failed', 'rejected', 'remove', 'orphaned']);

/** Removes a service and waits until none of its tasks runs any more; a node that doesn't answer isn't waited for. */
export async function removeService(
  context: ApplyContext,
  id: string,
  name: string,
  progress: Progress,
): Promise<void> {
  const { engine, snapshots } = context;
  const service = (await ignoreNotFound(engine.getService(id).inspect())) as
    | { Spec: { Name: string; TaskTemplate: { ContainerSpec: { StopGracePeriod?: number } } } }
    | undefined;
  if (service) context.touched.add(service.Spec.Name);
  const graceMs = (service?.Spec.TaskTemplate.ContainerSpec.StopGracePeriod ?? 10e9) / 1e6;
  try {
    await ignoreNotFound(engine.getService(id).remove());
  } catch (error) {
    throw refusal(`remove the service ${name}`, error, 'run the same command again');
  }
  const since = performance.now();
  const left = await waitUntil(graceMs + patienceMs, progress, async () => {
    const { tasks, nodes } = await snapshots.read(since);
    const ready = new Set(nodes.filter((node) => node.ready).map((node) => node.id));
    const live = tasks.filter(
      (task) =>
        task.ServiceID === id &&
        !gone.has(task.Status.State) &&
        task.NodeID !== undefined &&
        ready.has(task.NodeID),
    );
    return live.length === 0
      ? undefined
      : `${live.length} ${live.length === 1 ? 'task is' : 'tasks are'} still stopping`;
  });
  if (left !== undefined)
    throw new UserError(`${name}: removed, but ${left}`, { next: 'run the same command again' });
}

/** Removes a network, once the last of its tasks has let go of it, and waits until its name is free. */
export async function removeNetwork(
  context: ApplyContext,
  id: string,
  name: string,
  progress: Progress,
): Promise<void> {
  const { engine } = context;
  const left = await waitUntil(patienceMs, progress, async () => {
    try {
      await engine.getNetwork(id).remove();
    } catch (error) {
      if (!isNotFound(error)) {
        if (isInUse(error)) return readEngineMessage(error);
        throw refusal(`remove the network ${name}`, error, 'run the same command again');
      }
    }
    const networks = (await engine.listNetworks()) as unknown as { Id: string }[];
    return networks.some((network) => network.Id === id) ? 'it is still being taken down' : undefined;
  });
  if (left !== undefined)
    throw new UserError(`the network ${name} can't be removed: ${left}`, {
      next: `see what uses it with \`docker network inspect ${name}\`, then run the same command again`,
    });
}

export async function removeConfigOrSecret(
  context: ApplyContext,
  type: 'config' | 'secret',
  id: string,
  name: string,
  progress: Progress,
): Promise<void> {
  const { engine } = context;
  const object = type === 'config' ? engine.getConfig(id) : engine.getSecret(id);
  const left = await waitUntil(10_000, progress, async () => {
    try {
      await object.remove();
      return undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (isInUse(error)) return readEngineMessage(error);
      throw refusal(`remove the ${type} ${name}`, error, 'run the same command again');
    }
  });
  if (left !== undefined)
    throw new UserError(`the ${type} ${name} can't be removed: ${left}`, {
      next: 'remove the service that uses it, then run the same command again',
    });
}

/** Removes a stack's volumes from one node, after the containers that its tasks left there. */
export async function removeVolumes(
  context: ApplyContext,
  node: string,
  volumes: string[],
  progress: Progress,
): Promise<void> {
  if (!context.hosts) throw new Error('volumes are removed through the hosts, and none were given');
  const engine = (await context.hosts.connect(node)).engine();
  await clearContainers(engine, context.definition.name, progress);
  await Promise.all(
    volumes.map(async (name) => {
      const left = await waitUntil(containerPatienceMs, progress, async () => {
        try {
          await ignoreNotFound(engine.getVolume(name).remove());
          return undefined;
        } catch (error) {
          if (isInUse(error)) return readEngineMessage(error);
          throw refusal(`remove the volume ${name} on ${node}`, error, 'run the same command again');
        }
      });
      if (left !== undefined)
        throw new UserError(`the volume ${name} can't be removed: ${left}`, {
          place: { host: node },
          next: 'remove the container that uses it, then run the same command again',
        });
    }),
  );
}

/** Removes the stack's containers from a node: those that stop get their time, the agent of the swarm may be faster. */
async function clearContainers(engine: Docker, stackName: string, progress: Progress): Promise<void> {
  const filters = JSON.stringify({ label: [`${stackNamespaceLabel}=${stackName}`] });
  const list = (all: boolean) =>
    engine.listContainers({ all, filters } as never) as unknown as Promise<{ Id: string }[]>;
  await waitUntil(containerPatienceMs, progress, async () => {
    const { length } = await list(false);
    return length === 0
      ? undefined
      : `${length} ${length === 1 ? 'container still runs' : 'containers still run'}`;
  });
  for (const { Id } of await list(true)) {
    try {
      await ignoreNotFound(engine.getContainer(Id).remove({ force: true }));
    } catch (error) {
      if (!/already in progress/i.test(readEngineMessage(error))) throw error;
    }
  }
}

/** Asks until there is nothing left to say, or time is up: then the last answer. */
export async function waitUntil(
  timeoutMs: number,
  progress: Progress,
  ask: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const startedAt = performance.now();
  const report = reportChanges(progress);
  for (;;) {
    if (progress.signal.aborted) throw new InterruptedError('interrupted while things were being removed');
    const left = await ask();
    if (left === undefined || performance.now() - startedAt > timeoutMs) return left;
    report(left);
    await sleep(pollMs, undefined, { signal: progress.signal }).catch(() => {});
  }
}

async function ignoreNotFound<Value>(call: Promise<Value>): Promise<Value | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
