/** What the page shows, from what was observed. Pure. */
import type { Cluster } from '../cluster/cluster.ts';
import type { HistoryChart } from '../pipeline/read-monitoring-history.ts';
import type { ClusterStatus, NodeStatus } from '../pipeline/read-status.ts';
import type { RevisionSummary } from '../stack/describe-revisions.ts';
import { describeBackends, describeLinks, listRunningServers, listServers } from './describe-backends.ts';
import type { Figures } from './figures.ts';
import { type Offer, offerActions } from './offer-actions.ts';
import type { BalancerRates } from './rates.ts';
import type {
  BalancerCard,
  DashboardState,
  HappenedEvent,
  Health,
  NodeCard,
  ResultRow,
  RunAction,
} from './state.ts';

/** A state of one of the stacks. */
export type StackRevision = RevisionSummary & { stack: string };

export interface Observed {
  cluster: Cluster;
  /** Wall clock, ms. */
  now: number;
  /** The last whole look; absent before the first. */
  look?: { at: number; status: ClusterStatus };
  /** Why nodes don't answer at this moment, by name. */
  silent: ReadonlyMap<string, string>;
  /** By name of the balancer; absent where it didn't answer lately. */
  rates: ReadonlyMap<string, BalancerRates>;
  figures: Figures;
  noProbe: string | null;
  history: HistoryChart[];
  revisions: StackRevision[];
  results: ResultRow[];
  events: HappenedEvent[];
  action: RunAction | null;
  readOnly: boolean;
}

/** The state, and what each of its buttons does. */
export function describeState(observed: Observed): { state: DashboardState; offers: Offer[] } {
  const { cluster, look, figures } = observed;
  const status = look?.status;
  const balancers = cluster.nodes
    .filter(({ role }) => role === 'balancer')
    .map(({ name }) => describeBalancer(name, observed));
  const nodes = cluster.nodes
    .filter(({ role }) => role !== 'balancer')
    .map(({ name }) => describeNode(name, observed));
  const running = listRunningServers(status);
  const servers = listServers(status, observed.rates, observed.silent);
  const backends = describeBackends(servers, running);
  const vips = (status?.vips ?? []).map(({ address, holders, problem }) => ({
    address,
    holders,
    problem: problem ?? null,
  }));
  const problems = listProblems(observed);
  const offers =
    observed.readOnly || !look ? [] : offerActions(cluster, { balancers, nodes, backends, vips });
  const state: DashboardState = {
    cluster: cluster.name,
    now: observed.now,
    lookedAt: look?.at ?? null,
    verdict: judge(observed, problems),
    problems,
    readOnly: observed.readOnly,
    vips,
    balancers,
    nodes,
    links: describeLinks(cluster, servers, running),
    services: describeServices(status),
    backends,
    frontends: figures.frontends,
    series: figures.series,
    latency: figures.latency,
    noProbe: observed.noProbe,
    history: observed.history,
    revisions: describeRevisions(observed.revisions),
    results: observed.results,
    events: observed.events,
    actions: offers.map(({ order: _, ...offered }) => offered),
    action: observed.action,
  };
  return { state, offers };
}

function judge({ look, figures }: Observed, problems: string[]): DashboardState['verdict'] {
  if (figures.answers === false) return 'down';
  if (!look) return 'unknown';
  return problems.length === 0 ? 'well' : 'degraded';
}

/** Those of the last look, and of the nodes that went silent since; what follows from a silent node isn't said again. */
function listProblems({ look, silent }: Observed): string[] {
  const isOver = (line: string): boolean =>
    (look?.status.nodes ?? []).some(({ name }) => line.startsWith(`${name} can't be reached`)) ||
    [...silent.keys()].some((name) => line.includes(`: server ${name}-`));
  return [
    ...[...silent].map(([name, reason]) => `${name} can't be reached: ${reason}`),
    ...(look?.status.degraded ?? []).filter((line) => !isOver(line)),
  ];
}

function describeBalancer(name: string, { cluster, look, silent, rates }: Observed): BalancerCard {
  const node = look?.status.nodes.find((one) => one.name === name);
  const seen = look?.status.balancers?.find((one) => one.name === name);
  const total = rates.get(name)?.total;
  const card = (health: Health, says: string): BalancerCard => ({
    name,
    address: findAddress(cluster, name),
    health,
    says,
    holds: health === 'silent' ? [] : (seen?.holds ?? []),
    requestsPerSecond: (health !== 'silent' && total?.requestsPerSecond) || null,
    sessions: (health !== 'silent' && total?.sessions) || null,
  });
  const reason = silent.get(name);
  if (reason !== undefined) return card('silent', reason);
  // It answers since the last look.
  if (!node || !seen || node.unreachable !== undefined) return card('unknown', 'not looked at yet');
  if (seen.unreachable !== undefined) return card('trouble', seen.unreachable);
  if (seen.engineState !== 'active')
    return card('trouble', `${seen.engine} ${seen.engineState || 'is not installed'}`);
  const wantsKeepalived = (look?.status.vips ?? []).length > 0;
  if (wantsKeepalived && seen.keepalived !== 'active')
    return card('trouble', `keepalived ${seen.keepalived || 'is not installed'}`);
  const version = seen.engineVersion?.split('-')[0] ?? '';
  return card('well', `${seen.engine} ${version}`.trim());
}

function describeNode(name: string, observed: Observed): NodeCard {
  const { cluster, look, silent } = observed;
  const wanted = cluster.nodes.find((node) => node.name === name)!;
  const seen = look?.status.nodes.find((node) => node.name === name);
  const reason = silent.get(name);
  const [health, says] = judgeNode(seen, reason, look?.status.swarmUnknown);
  const tasks = listServices(look?.status).flatMap(({ shown, service }) =>
    service.tasks
      .filter((task) => task.node === name)
      .map((task) => ({
        id: task.id,
        service: shown,
        name: task.name,
        state: task.state,
        health: health === 'silent' ? ('silent' as const) : judgeTask(task.state),
        error: task.error ?? null,
      })),
  );
  return {
    name,
    address: wanted.address,
    role: wanted.role === 'manager' ? 'manager' : 'worker',
    leader: seen?.swarm?.leader ?? false,
    health,
    says,
    tasks,
  };
}

function judgeNode(
  node: NodeStatus | undefined,
  silence: string | undefined,
  swarmUnknown: string | undefined,
): [Health, string] {
  if (silence !== undefined) return ['silent', silence];
  if (!node) return ['unknown', 'not looked at yet'];
  const { swarm } = node;
  if (!swarm)
    return swarmUnknown === undefined
      ? ['trouble', 'not in the swarm']
      : ['unknown', 'the swarm is not known'];
  if (swarm.status !== 'ready') return ['trouble', `${swarm.status} in the swarm`];
  if (swarm.reachability !== undefined && swarm.reachability !== 'reachable')
    return ['trouble', `a manager that others can't reach (${swarm.reachability})`];
  if (swarm.availability !== 'active')
    return [
      'drained',
      swarm.availability === 'drain' ? 'drained: takes no tasks' : 'paused: takes no new tasks',
    ];
  return ['well', 'ready'];
}

/** Services with the names they are shown by: those of several stacks with the stack's. */
function listServices(status: ClusterStatus | undefined) {
  const stacks = status?.stacks ?? [];
  return stacks.flatMap(({ name, services }) =>
    services.map((service) => ({
      shown: stacks.length > 1 ? `${name}/${service.key}` : service.key,
      service,
    })),
  );
}

const revisionsShown = 8;

/** The newest first, whichever stack they are of. */
function describeRevisions(revisions: StackRevision[]): DashboardState['revisions'] {
  return revisions
    .toSorted((a, b) => b.createdAt.localeCompare(a.createdAt))
    .slice(0, revisionsShown)
    .map(({ stack, number, createdAt, by, why, changes, services }) => ({
      stack,
      number,
      at: createdAt,
      by,
      why,
      changed: changes === undefined ? `${services} services` : changes.join('; ') || 'nothing but its order',
    }));
}

function judgeTask(state: string): Health {
  if (state === 'running' || state === 'complete') return 'well';
  return /^(failed|rejected|orphaned)$/.test(state) ? 'trouble' : 'unknown';
}

function describeServices(status: ClusterStatus | undefined): DashboardState['services'] {
  return listServices(status).map(({ shown, service }) => ({
    name: service.color === undefined ? shown : `${shown} (${service.color})`,
    mode: service.mode,
    running: service.running,
    wanted: service.wanted,
    completed: service.completed,
    done: service.done,
    image: service.image,
    nodes: service.nodes,
    says: service.update
      ? `${service.update.state}${service.update.message ? `: ${service.update.message}` : ''}`
      : (service.reasons[0] ?? ''),
  }));
}

function findAddress({ nodes }: Cluster, name: string): string {
  return nodes.find((node) => node.name === name)?.address ?? '';
}
