/** What happened between two states, in words. Pure. */
import type { DashboardState, HappenedEvent, Health, ServerCell } from './state.ts';

/** One event for each difference that a person would want to have seen; nothing before the first whole look. */
export function findEvents(before: DashboardState, after: DashboardState): HappenedEvent[] {
  if (before.lookedAt === null) return [];
  return [
    ...compareAnswers(before, after),
    ...compareVips(before, after),
    ...compareMachines(before, after),
    ...compareServers(before, after),
    ...compareServices(before, after),
    ...compareRevisions(before, after),
  ].map(([tone, text]) => ({ at: after.now, tone, text }));
}

type Told = [HappenedEvent['tone'], string];

function compareAnswers(before: DashboardState, after: DashboardState): Told[] {
  const [was, is] = [before.verdict === 'down', after.verdict === 'down'];
  if (was === is) return [];
  return is ? [['bad', 'clients get no answer']] : [['good', 'clients are answered again']];
}

function compareVips(before: DashboardState, after: DashboardState): Told[] {
  return after.vips.flatMap(({ address, holders }): Told[] => {
    const was = before.vips.find((vip) => vip.address === address)?.holders ?? [];
    if (was.join() === holders.join()) return [];
    if (holders.length === 0) return [['bad', `nobody holds ${address}`]];
    if (holders.length > 1) return [['bad', `${holders.join(' and ')} hold ${address}`]];
    return [['neutral', `${holders[0]} holds ${address}${was.length === 1 ? ` instead of ${was[0]}` : ''}`]];
  });
}

const tones: Record<Health, HappenedEvent['tone']> = {
  well: 'good',
  trouble: 'bad',
  silent: 'bad',
  drained: 'neutral',
  unknown: 'neutral',
};

function compareMachines(before: DashboardState, after: DashboardState): Told[] {
  const former = new Map([...before.balancers, ...before.nodes].map((card) => [card.name, card.health]));
  return [...after.balancers, ...after.nodes].flatMap(({ name, health, says }): Told[] => {
    const was = former.get(name);
    if (was === undefined || was === health) return [];
    if (health === 'silent') return [['bad', `${name} doesn't answer`]];
    const isBack: Told[] = was === 'silent' ? [['good', `${name} answers again`]] : [];
    if (was === 'unknown' || health === 'unknown') return isBack;
    if (health === 'well') return isBack.length > 0 ? isBack : [['good', `${name} is well again`]];
    return [...isBack, [tones[health], `${name}: ${says}`]];
  });
}

/** Servers that became the same on the same balancers are told of together: a node has many. */
function compareServers(before: DashboardState, after: DashboardState): Told[] {
  const former = new Map(listCells(before).map(({ key, state }) => [key, state]));
  const changed = listCells(after).filter(({ key, state }) => (former.get(key) ?? state) !== state);
  const byServer = Map.groupBy(changed, ({ server, state }) => `${state} ${server}`);
  const merged = [...byServer.values()].map((cells) => ({
    ...cells[0]!,
    where: [...new Set(cells.map(({ balancer }) => balancer))].join(' and '),
  }));
  return [...Map.groupBy(merged, ({ state, where }) => `${state} ${where}`).values()].map((cells): Told => {
    const { state, where } = cells[0]!;
    const servers = cells.map(({ server }) => server);
    const text = `${servers.join(', ')} ${servers.length === 1 ? 'is' : 'are'} ${serverWords[state]} on ${where}`;
    return [serverTones[state], text];
  });
}

function listCells({ backends }: DashboardState) {
  return backends.flatMap((backend) =>
    backend.servers.flatMap(({ name: server, on }) =>
      Object.entries(on).map(([balancer, { state }]) => ({
        key: `${backend.name}/${server} ${balancer}`,
        server,
        balancer,
        state,
      })),
    ),
  );
}

const serverTones: Record<ServerCell['state'], HappenedEvent['tone']> = {
  up: 'good',
  down: 'bad',
  drain: 'neutral',
  maint: 'neutral',
  standby: 'neutral',
};

const serverWords: Record<ServerCell['state'], string> = {
  up: 'up',
  down: 'down',
  drain: 'drained',
  maint: 'in maintenance',
  standby: 'on standby',
};

function compareServices(before: DashboardState, after: DashboardState): Told[] {
  return after.services.flatMap(({ name, running, wanted, done }): Told[] => {
    const was = before.services.find((service) => service.name === name);
    if (!was || (was.running === running && was.wanted === wanted)) return [];
    return [[done ? 'good' : 'neutral', `${name}: ${running} of ${wanted} tasks run`]];
  });
}

function compareRevisions(before: DashboardState, after: DashboardState): Told[] {
  const newest = before.revisions[0]?.at;
  if (newest === undefined) return [];
  return after.revisions
    .filter(({ at }) => at > newest)
    .map(({ stack, number, why, by }): Told => ['neutral', `${stack} revision ${number}: ${why} by ${by}`]);
}
