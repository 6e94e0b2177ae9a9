/** The stack layer: networks, configs, secrets and services of one compose file. */
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { findStack } from '../cluster/choose-stack.ts';
import { type Cluster, swarmNodes } from '../cluster/cluster.ts';
import { UserError } from '../errors.ts';
import type { Layer } from '../plan/layer.ts';
import type { Traffic } from '../plan/traffic.ts';
import type { FindLogin } from '../registry/credentials.ts';
import type { Hosts } from '../remote/host.ts';
import { ConnectionError } from '../remote/remote-errors.ts';
import type { StackAction } from './action.ts';
import { foldColors } from './blue-green.ts';
import type { ConvergeLimits } from './converge.ts';
import type { StackDefinition } from './definition.ts';
import { listImagesToResolve, type ResolveImageMode } from './image-digests.ts';
import { listVersions } from './list-versions.ts';
import { observeLeftovers, observeStack } from './observe.ts';
import type { StackObserved } from './observed.ts';
import { planStack, warnOfStack } from './plan.ts';
import { planStackRemoval } from './plan-removal.ts';
import { planRestore } from './plan-restore.ts';
import { createEngineSources, createImageResolver } from './resolve-images.ts';
import { defaultKeptRevisions, planRevision, warnOfForgotten } from './revision.ts';
import { createSnapshotSource, type SnapshotSource } from './snapshots.ts';

export interface StackLayerOptions {
  /** The engine of a manager that answers for the swarm; throws a `UserError` when there is none. */
  connectEngine: () => Promise<Docker>;
  /** For what only a node itself knows: its volumes. Absent: volumes are neither seen nor removed. */
  hosts?: Hosts;
  limits?: Partial<ConvergeLimits>;
  /** Absent: no registry is asked for the digests of images. */
  images?: {
    resolve: ResolveImageMode;
    /** Keys of services whose image we built or loaded: no registry knows it. */
    ours: ReadonlySet<string>;
    /** Label of images that we build. */
    builtLabel: string;
  };
  /** Logins at registries: to ask them for digests, and where `inSwarm`, for nodes that pull by themselves later. */
  logins?: { find: FindLogin; inSwarm: boolean };
  /** Tell of stacks that the swarm keeps revisions of and the cluster file doesn't name; one of several tells. */
  tellsForgotten?: boolean;
  /** The balancers, for services that are updated blue-green; absent where there are none. */
  findTraffic?: () => Promise<Traffic>;
  /** Who makes the changes, by which command; kept with each revision. */
  origin?: { by: string; why: string };
}

export function createStackLayer(
  definition: StackDefinition,
  cluster: Cluster,
  options: StackLayerOptions,
): Layer<StackObserved, StackAction> {
  const { connectEngine, hosts, origin = { by: '', why: '' } } = options;
  // Since the last observation: what a failed run is taken back from, and to.
  const touched = new Set<string>();
  let seen: StackObserved | undefined;
  const nodes = swarmNodes(cluster).map((node) => node.name);
  const resolveImages =
    options.images && hosts
      ? createImageResolver(
          createEngineSources({
            connectEngine,
            hosts,
            nodes,
            builtLabel: options.images.builtLabel,
            findLogin: options.logins?.find,
          }),
        )
      : undefined;
  let connection: Promise<{ engine: Docker; snapshots: SnapshotSource }> | undefined;
  // One for all changes that run side by side; found anew by each observation, for a manager may have gone.
  const connect = () => {
    connection ??= connectEngine().then((engine) => ({
      engine,
      snapshots: createSnapshotSource(engine, definition.name),
    }));
    return connection;
  };

  const fold = (observed: StackObserved): StackObserved => ({
    ...observed,
    ...foldColors(observed.services, definition.services),
  });

  return {
    name: 'stack',
    observe: async () => {
      connection = undefined;
      let engine: Docker;
      try {
        ({ engine } = await connect());
      } catch (error) {
        if (error instanceof ConnectionError || !(error instanceof UserError)) throw error;
        return { kind: 'unknown', reason: [error.message, ...error.details.slice(0, 1)].join(': ') };
      }
      const [value, leftovers] = await Promise.all([
        observeStack(engine, definition.name).then(fold),
        hosts ? observeLeftovers(hosts, nodes, definition.name) : undefined,
      ]);
      touched.clear();
      seen = value;
      const { resolve = 'never', ours = new Set<string>() } = options.images ?? {};
      const unresolved = listImagesToResolve(definition, value.services, resolve, ours);
      const images = unresolved.length > 0 ? await resolveImages?.(unresolved) : undefined;
      return {
        kind: 'observed',
        value: { ...value, ...(leftovers && { leftovers }), ...(images && { images }) },
      };
    },
    plan: (observed, earlier) => {
      const planned = planStack(definition, observed, earlier);
      const forgotten = options.tellsForgotten ? warnOfForgotten(cluster, observed.configs) : [];
      const plan = {
        ...planned,
        warnings: [...planned.warnings, ...forgotten],
        versions: listVersions(observed),
      };
      const keep = findStack(cluster, definition.name)?.keepRevisions ?? defaultKeptRevisions;
      const revision = planRevision(definition, observed, plan.changes, keep);
      return revision ? { ...plan, changes: [...plan.changes, revision] } : plan;
    },
    warnUnobserved: (earlier) => warnOfStack(definition, earlier),
    planRemoval: (observed, removal) => planStackRemoval(definition.name, observed, removal),
    planRestore: async (signal) => {
      if (!seen) throw new Error('nothing was observed, so nothing can have been changed');
      const now = await whileAway(signal, async () => {
        // The manager we spoke to may be what failed: another one will do, or the same once it is back.
        connection = undefined;
        return fold(await observeStack((await connect()).engine, definition.name));
      });
      return planRestore({ definition, touched, before: seen, now });
    },
    apply: async (change, progress) => {
      const [{ engine, snapshots }, traffic, { applyStackChange }, { defaultLimits }] = await Promise.all([
        connect(),
        options.findTraffic?.(),
        import('./apply.ts'),
        import('./converge.ts'),
      ]);
      await applyStackChange(
        {
          definition,
          engine,
          snapshots,
          hosts,
          limits: { ...defaultLimits, ...options.limits },
          origin,
          touched,
          ...(traffic && { traffic }),
          ...(options.logins?.inSwarm && { findLogin: options.logins.find }),
        },
        change,
        progress,
      );
    },
  };
}

/** A manager that restarts is back within this. */
const awayMs = 120_000;
const retryMs = 2000;

/** Asks again while no manager answers. @throws the last error once it has taken too long, or the signal aborts. */
async function whileAway<Answer>(signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer> {
  const startedAt = performance.now();
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const patient = error instanceof UserError && performance.now() - startedAt < awayMs;
      if (!patient || signal.aborted) throw error;
      await sleep(retryMs, undefined, { signal }).catch(() => {});
    }
  }
}
