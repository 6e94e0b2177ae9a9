/** Looks at a cluster for as long as the dashboard runs: once, however many browsers show it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BalancerCounters } from '../balancer/counters.ts';
import { readCounters } from '../balancer/read-counters.ts';
import { balancers, type Cluster } from '../cluster/cluster.ts';
import type { HttpTarget } from '../drill/probe/options.ts';
import { UserError } from '../errors.ts';
import type { HistoryChart } from '../pipeline/read-monitoring-history.ts';
import { type WatchOptions, watchStatus } from '../pipeline/watch-status.ts';
import type { Hosts } from '../remote/host.ts';
import { describeState, type Observed, type StackRevision } from './describe-state.ts';
import { createFigureKeeper } from './figures.ts';
import { findEvents } from './find-events.ts';
import type { ActionOrder, Offer } from './offer-actions.ts';
import { startPulse } from './pulse.ts';
import { type BalancerRates, measureRates, type Sample } from './rates.ts';
import { createRing } from './ring.ts';
import type { DashboardState, HappenedEvent, ResultRow, RunAction } from './state.ts';

export interface Sources {
  cluster: Cluster;
  readOnly: boolean;
  /** What is sent a few times a second. */
  targets: HttpTarget[];
  /** Why that is nothing; null where it is something. */
  noProbe: string | null;
  openHosts: WatchOptions['openHosts'];
  readRevisions: (hosts: Hosts) => Promise<StackRevision[]>;
  readResults: () => Promise<ResultRow[]>;
  /** From Prometheus, where the cluster is monitored. */
  readHistory: (hosts: Hosts, signal: AbortSignal) => Promise<HistoryChart[]>;
  /** Does what a button is for, by the command's own code; true where it succeeded. */
  perform: (order: ActionOrder, tell: (line: string) => void) => Promise<boolean>;
}

export interface Observer {
  /** Until the signal ends it, and what was begun meanwhile is done. */
  finished: Promise<void>;
  /** Begins an offered action; `busy` while another runs, `unknown` where it isn't offered (any more). */
  act(id: string): 'started' | 'busy' | 'unknown';
}

const secondMs = 1_000;
const revisionsMs = 15_000;
const resultsMs = 10_000;
const historyMs = 30_000;
const eventsKept = 100;
const linesKept = 200;
/** A balancer that doesn't answer for a moment keeps its servers on the page for so long. */
const staleMs = 6_000;
/** What comes within this time is sent together. */
const gatherMs = 60;

/** Begins to look; `publish` is given each new state. */
export function observeCluster(
  sources: Sources,
  { signal, publish }: { signal: AbortSignal; publish: (state: DashboardState) => void },
): Observer {
  const { cluster } = sources;
  const failed = new AbortController();
  const ending = AbortSignal.any([signal, failed.signal]);
  const figures = createFigureKeeper();
  const events = createRing<HappenedEvent>(eventsKept);
  const rates = new Map<string, BalancerRates>();
  /** Those of them that are of this second. */
  const fresh = new Set<string>();
  const seen: Pick<Observed, 'look' | 'silent' | 'history' | 'revisions' | 'results' | 'action'> = {
    silent: new Map(),
    history: [],
    revisions: [],
    results: [],
    action: null,
  };
  let last: DashboardState | undefined;
  let offers: Offer[] = [];
  let timer: NodeJS.Timeout | undefined;
  let acting: Promise<void> | undefined;
  let { promise: hosts, resolve: giveHosts } = Promise.withResolvers<Hosts>();

  const describe = (): DashboardState => {
    const described = describeState({
      ...seen,
      cluster,
      now: Date.now(),
      rates,
      figures: figures.read(),
      noProbe: sources.noProbe,
      events: events.list().reverse(),
      readOnly: sources.readOnly,
    });
    offers = described.offers;
    return described.state;
  };
  const publishNow = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (ending.aborted) return;
    let state = describe();
    const happened = last ? findEvents(last, state) : [];
    for (const event of happened) events.push(event);
    if (happened.length > 0) state = { ...state, events: events.list().reverse() };
    last = state;
    publish(state);
  };
  const publishSoon = (): void => {
    timer ??= setTimeout(publishNow, gatherMs);
  };

  async function watch(): Promise<void> {
    const options: WatchOptions = {
      openHosts: sources.openHosts,
      signal: ending,
      onHosts: (opened) => {
        giveHosts(opened);
        hosts = Promise.resolve(opened);
      },
      onSilent: (silent) => {
        seen.silent = new Map([...silent].map(([name, { message }]) => [name, message]));
        publishNow();
      },
    };
    await repeat(secondMs, async () => {
      for await (const status of watchStatus(cluster, options)) {
        seen.look = { at: Date.now(), status };
        publishSoon();
      }
    });
  }

  async function countTraffic(name: string): Promise<void> {
    let before: Sample | undefined;
    let measuredMs = 0;
    await repeat(secondMs, async () => {
      const counters = await ask(name);
      const now = counters && { atMs: performance.now(), counters };
      const measured = now && measureRates(before, now);
      before = now;
      if (measured) {
        rates.set(name, measured);
        fresh.add(name);
        measuredMs = now.atMs;
      } else {
        fresh.delete(name);
        if (performance.now() - measuredMs > staleMs) rates.delete(name);
      }
      publishSoon();
    });
  }

  async function ask(name: string): Promise<BalancerCounters | undefined> {
    try {
      const host = await (await hosts).connect(name);
      return await readCounters(cluster.balancer?.engine ?? 'haproxy', host);
    } catch (error) {
      if (error instanceof UserError) return undefined;
      throw error;
    }
  }

  /** Again and again, at least so long from one beginning to the next; what a machine refuses is tried again. */
  async function repeat(everyMs: number, work: () => Promise<void>): Promise<void> {
    while (!ending.aborted) {
      const startedMs = performance.now();
      try {
        await work();
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
      }
      const restMs = Math.max(0, everyMs - (performance.now() - startedMs));
      await sleep(restMs, undefined, { signal: ending }).catch(() => {});
    }
  }

  async function perform({ order, label, command }: Offer): Promise<void> {
    const action: RunAction = {
      label,
      command,
      startedAt: Date.now(),
      endedAt: null,
      succeeded: null,
      lines: [],
    };
    const update = (more: Partial<RunAction>): void => {
      Object.assign(action, more);
      seen.action = { ...action };
      publishSoon();
    };
    events.push({ at: action.startedAt, tone: 'neutral', text: `${command} …` });
    update({});
    const succeeded = await sources.perform(order, (line) =>
      update({ lines: [...action.lines, line].slice(-linesKept) }),
    );
    update({ endedAt: Date.now(), succeeded });
    events.push({
      at: Date.now(),
      tone: succeeded ? 'good' : 'bad',
      text: `${command}: ${succeeded ? 'done' : 'failed'}`,
    });
  }

  const clock = setInterval(() => {
    figures.closeSecond([...rates].filter(([name]) => fresh.has(name)).map(([, one]) => one));
    publishSoon();
  }, secondMs);
  startPulse(sources.targets, { signal: ending, onBeat: figures.count });

  const { promise: broken, reject: breakOff } = Promise.withResolvers<never>();
  const loops = [
    watch(),
    ...balancers(cluster).map(({ name }) => countTraffic(name)),
    repeat(revisionsMs, async () => {
      seen.revisions = await sources.readRevisions(await hosts);
    }),
    repeat(historyMs, async () => {
      try {
        seen.history = await sources.readHistory(await hosts, ending);
      } catch (error) {
        // What isn't known any more isn't shown.
        seen.history = [];
        throw error;
      }
    }),
    repeat(resultsMs, async () => {
      seen.results = await sources.readResults();
    }),
  ];
  publishNow();
  return {
    finished: Promise.race([Promise.all(loops), broken])
      .catch((error: unknown) => {
        failed.abort();
        throw error;
      })
      .finally(async () => {
        clearInterval(clock);
        clearTimeout(timer);
        await acting;
      })
      .then(() => {}),
    act: (id) => {
      const offer = offers.find((one) => one.id === id);
      if (!offer) return 'unknown';
      if (acting || ending.aborted) return 'busy';
      acting = perform(offer)
        .catch(breakOff)
        .finally(() => {
          acting = undefined;
        });
      return 'started';
    },
  };
}
