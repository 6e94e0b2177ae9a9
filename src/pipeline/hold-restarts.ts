/** Lets requests wait at the balancers while all that could answer them restarts at once: the nodes of a store. */
import { type Clock, systemClock } from '../balancer/clock.ts';
import { viewBalancers } from '../balancer/live.ts';
import type { LiveServer } from '../balancer/live-server.ts';
import { type HoldingBackend, listHoldingBackends } from '../balancer/restarts-together.ts';
import { drainServers, hasRotation, type RotationTarget, setStates } from '../balancer/rotation.ts';
import type { Change } from '../plan/change.ts';
import type { StackInputs } from './inputs.ts';

/** How long what the servers have begun may take. */
const endsWithinMs = 10_000;
/** The last that came up answers its check before all have found each other. */
const settleMs = 2_000;
const spareMs = 5_000;
const pollMs = 150;

export interface HoldSetting extends RotationTarget {
  stacks: readonly StackInputs[];
  tell: (message: string) => void;
  clock?: Clock;
}

/**
 * Carries out changes of services. Backends with `timeouts: {hold: …}` all of whose services restart in them take
 * nothing new before, so that no request meets a server that is about to go: it waits, as it does while none is up,
 * until all are back.
 */
export async function holdWhileRestarting<Result>(
  setting: HoldSetting,
  changes: readonly Pick<Change, 'kind' | 'object'>[],
  work: () => Promise<Result>,
): Promise<Result> {
  const { clock = systemClock } = setting;
  const backends = hasRotation(setting.cluster)
    ? setting.stacks.flatMap(({ definition }) => listHoldingBackends(definition, setting.cluster, changes))
    : [];
  if (backends.length === 0) return work();
  const ours = await findOurs(setting, backends);
  await tellReady(setting, (server) => ours.left.has(nameOf(server)));
  if (ours.restarting.size === 0) return work();
  const isOurs = (server: Pick<LiveServer, 'backend' | 'name'>): boolean =>
    ours.restarting.has(nameOf(server));
  const restarting = backends.filter(({ restarts }) => restarts);
  for (const { name, services } of restarting)
    setting.tell(`${name}: requests wait at the balancers while ${services.join(', ')} restart together`);
  const over = new AbortController();
  // the first that waits must find a server before its time is up, be it the only one
  const endsAt = clock.now() + Math.min(...restarting.map(({ holdMs }) => holdMs)) - spareMs;
  let watched: Promise<void> | undefined;
  try {
    await drainServers({ ...setting, progress: { ...setting.progress, report: () => {} } }, isOurs, {
      timeoutMs: endsWithinMs,
      clock,
    });
    // what goes wrong in between is seen when all are put back at the end
    watched = bringBack({ ...setting, clock }, ours, { over: over.signal, endsAt }).catch(() => {});
    return await work();
  } finally {
    over.abort();
    await watched;
    await tellReady(setting, isOurs).catch(({ message }: Error) => {
      const names = [...ours.restarting].map((name) => `kawanan balancer ready ${name}`).join('; ');
      setting.tell(`the balancers weren't told to give requests to the servers again: ${message}; ${names}`);
    });
  }
}

interface OurServers {
  /** Are about to restart. */
  restarting: Set<string>;
  /** Of these, those that a run which was killed has left out already: they have restarted, or are just doing so. */
  held: Set<string>;
  /** A run that was killed left them out, and nothing restarts them any longer. */
  left: Set<string>;
}

/**
 * A server that a person drained stays so, unless no balancer has another one: nobody leaves all servers of a backend
 * out by hand, but a run that was killed does.
 */
async function findOurs(
  { cluster, hosts }: RotationTarget,
  backends: readonly HoldingBackend[],
): Promise<OurServers> {
  const views = await viewBalancers(cluster, hosts);
  const found: OurServers = { restarting: new Set(), held: new Set(), left: new Set() };
  for (const { name, restarts } of backends) {
    const servers = views
      .flatMap(({ live }) => live?.servers ?? [])
      .filter(({ backend }) => backend === name);
    const ready = servers.filter(({ admin }) => admin === 'ready');
    const names = (ready.length > 0 ? ready : servers).map(nameOf);
    if (restarts) for (const name of names) found.restarting.add(name);
    if (ready.length === 0) for (const name of names) (restarts ? found.held : found.left).add(name);
  }
  return found;
}

function nameOf({ backend, name }: Pick<LiveServer, 'backend' | 'name'>): string {
  return `${backend}/${name}`;
}

/** Lets them take requests again once each has been away and is back on every balancer, or the time is up. */
async function bringBack(
  { clock, ...target }: RotationTarget & { clock: Clock },
  { restarting, held }: OurServers,
  { over, endsAt }: { over: AbortSignal; endsAt: number },
): Promise<void> {
  const isOurs = (server: LiveServer): boolean => restarting.has(nameOf(server));
  const gone = new Set<string>();
  while (!over.aborted && clock.now() < endsAt) {
    const views = await viewBalancers(target.cluster, target.hosts);
    const states = views.flatMap(({ balancer, live }) =>
      (live?.servers ?? [])
        .filter(isOurs)
        .map((server) => ({ name: nameOf(server), up: server.up, id: `${balancer} ${nameOf(server)}` })),
    );
    for (const { id, name, up } of states) if (!up || held.has(name)) gone.add(id);
    if (states.every(({ id, up }) => up && gone.has(id))) {
      await clock.pause(settleMs, over);
      break;
    }
    await clock.pause(pollMs, over);
  }
  await tellReady(target, isOurs);
}

/** A balancer that is away forgets what it was told. */
async function tellReady(target: RotationTarget, choose: (server: LiveServer) => boolean): Promise<void> {
  const views = await viewBalancers(target.cluster, target.hosts);
  if (views.every(({ live }) => live === undefined)) return;
  await setStates(views, target, (server) => (choose(server) ? 'ready' : undefined));
}
