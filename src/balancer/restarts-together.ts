/** Which backends nobody will answer for while a plan is carried out: all of their services restart at once. No I/O here. */
import type { Cluster } from '../cluster/cluster.ts';
import type { Change } from '../plan/change.ts';
import type { StackDefinition } from '../stack/definition.ts';
import { planBackends } from './backends.ts';
import { parseDurationMs } from './duration.ts';

/** A backend whose requests can wait at the balancers, and whose services take no turns. */
export interface HoldingBackend {
  name: string;
  holdMs: number;
  /** Keys of its services, each of one replica that is stopped before the next one starts. */
  services: string[];
  /** The plan restarts every one of them. */
  restarts: boolean;
}

/** The backends of a stack with `timeouts: {hold: …}` that have no server left while their services are updated. */
export function listHoldingBackends(
  definition: StackDefinition,
  cluster: Cluster,
  changes: readonly Pick<Change, 'kind' | 'object'>[],
): HoldingBackend[] {
  const updated = new Set(
    changes
      .filter(({ kind, object }) => kind === 'update' && object.type === 'service')
      .map(({ object }) => object.name),
  );
  const { engine, backends } = planBackends(definition, cluster);
  // NGINX lets nothing wait
  if (engine !== 'haproxy') return [];
  return backends.flatMap(({ name, mode, timeouts, servers }) => {
    if (mode !== 'http' || timeouts.hold === undefined || servers.length === 0) return [];
    const keys = [...new Set(servers.map(({ service }) => service))];
    const services = definition.services.filter(({ key }) => keys.includes(key));
    const isAlone = services.every(
      ({ spec, blueGreen }) =>
        blueGreen === undefined &&
        spec.Mode?.Replicated !== undefined &&
        (spec.Mode.Replicated.Replicas ?? 1) === 1 &&
        spec.UpdateConfig?.Order !== 'start-first',
    );
    if (!isAlone) return [];
    return [
      {
        name,
        holdMs: parseDurationMs(timeouts.hold),
        services: keys,
        restarts: services.every(({ spec }) => updated.has(spec.Name)),
      },
    ];
  });
}
