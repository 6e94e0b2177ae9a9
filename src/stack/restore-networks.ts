/**
 * Networks that are listed and aren't there: after `docker stack rm` a manager goes on listing a network until the last
 * of its containers has stopped, though the swarm has forgotten it (moby#29293).
 */
import type { Progress } from '../plan/layer.ts';
import { readEngineMessage } from '../remote/engine-call.ts';
import type { ApplyContext } from './apply-context.ts';
import { createNetwork } from './apply-objects.ts';
import { waitUntil } from './apply-removal.ts';
import type { ServiceSpec } from './engine-types.ts';

const patienceMs = 60_000;

/** The id of the network that the engine refused a service for; `undefined` for any other refusal. */
export function readMissingNetwork(error: unknown): string | undefined {
  return /network (\S+) not found/i.exec(readEngineMessage(error))?.[1];
}

/** Waits until the leftover of a network is gone, and makes those of the compose file anew that a service needs. */
export async function restoreNetworks(
  context: ApplyContext,
  spec: ServiceSpec,
  missing: string,
  progress: Progress,
): Promise<void> {
  const list = async () => (await context.engine.listNetworks()) as unknown as { Id: string; Name: string }[];
  await waitUntil(patienceMs, progress, async () =>
    (await list()).some((network) => network.Id === missing || network.Name === missing)
      ? 'a network that was removed is still being taken down'
      : undefined,
  );
  const names = new Set((await list()).map((network) => network.Name));
  const wanted = new Set(spec.TaskTemplate.Networks?.map(({ Target }) => Target));
  for (const network of context.definition.networks) {
    if (!wanted.has(network.spec.Name) || names.has(network.spec.Name)) continue;
    try {
      await createNetwork(context, network.key);
    } catch (error) {
      // Another service of this run was faster.
      if (!/already exists/i.test(readEngineMessage(error))) throw error;
    }
  }
}
