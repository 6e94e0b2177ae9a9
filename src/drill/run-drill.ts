/** Runs one drill: load, fault, healing, and what became of the load. */

import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { InterruptedError, UserError } from '../errors.ts';
import { type ArmedFault, armFault } from './faults/strike.ts';
import { type ProbeTarget, probeLimits } from './probe/options.ts';
import { type ProbeResult, startProbe } from './probe/probe.ts';
import { type ResourceSample, startSampling } from './sample-resources.ts';
import type { Drill } from './scenario/drill.ts';
import { explainMiss } from './scenario/explain-miss.ts';
import { type JudgedObjective, judgeDrill } from './scenario/judge-drill.ts';
import { findHoldings, type Stage } from './stage.ts';
import { mergeTimeline, type TimelineEvent } from './timeline/event.ts';
import { describeFailures } from './timeline/probe-events.ts';
import { readDockerEvents } from './timeline/read-docker-events.ts';
import { readBalancerEvents } from './timeline/read-journal.ts';

/** What is sent while drills run. */
export interface DrillLoad {
  targets: ProbeTarget[];
  ratePerSecond: number;
  /** Take certificates without checking them: addresses are asked, and certificates are for names. */
  insecure?: boolean;
  /** Of each target, by its name, groups of nodes of which one each must be well for an answer; absent where that isn't known. */
  servedBy?: Record<string, string[][]>;
}

/** What a drill came to. Plain data: reports are made of it. */
export interface DrillResult {
  number: number;
  name: string;
  title: string;
  /** `not run` where the cluster lacks what is drilled, or the fault couldn't be made. */
  verdict: 'met' | 'missed' | 'not run';
  /** Why it wasn't run. */
  reason?: string;
  /** What was struck: `haproxy.service on vm-loadbalancer1`. */
  target?: string;
  objectives: JudgedObjective[];
  /** Targets that need what only a broken machine has: they aren't counted. */
  uncounted?: string[];
  /** What stands behind a miss, a line each. */
  causes?: string[];
  /** Times of what follows are the probe's. */
  struckMs?: number;
  healedMs?: number;
  timeline: TimelineEvent[];
  probe?: ProbeResult;
  /** What tasks used while it ran. */
  resources?: ResourceSample[];
  /** Who answered how often, where balancers counted it. */
  served?: Record<string, number>;
  /** Load average of this computer over the last minute, at the end. */
  load: number;
}

const calmMs = 2_000;
const settleMs = 4_000;
/** A fault and its healing take at most this long beyond the time that the fault is held. */
const patienceMs = 900_000;

/**
 * Runs a drill and always heals what it broke, also when it fails or is interrupted.
 *
 * @throws InterruptedError once all is healed, when the signal ended it.
 */
export async function runDrill(drill: Drill, stage: Stage, load: DrillLoad): Promise<DrillResult> {
  const { number, name, title } = drill;
  const base = { number, name, title, objectives: [], timeline: [] as TimelineEvent[] };
  const notRun = (error: unknown): DrillResult => ({
    ...base,
    verdict: 'not run',
    reason: explainError(error),
    load: loadavg()[0]!,
  });
  let armed: Awaited<ReturnType<typeof armFault>>;
  try {
    armed = await armFault(drill.fault, stage, { atMostMs: drill.holdMs + 20_000 });
  } catch (error) {
    if (error instanceof InterruptedError) throw error;
    return notRun(error);
  }
  stage.report(`load: ${load.ratePerSecond} requests a second`);
  const durationMs = Math.min(patienceMs, (probeLimits.requests / load.ratePerSecond) * 900);
  const { servedBy: _, ...sent } = load;
  const probe = startProbe({ ...sent, durationMs });
  try {
    await probe.started;
  } catch (error) {
    return notRun(error);
  }
  const origin = performance.now();
  const sampler = startSampling(stage, Date.now());
  const events: TimelineEvent[] = [];
  const note = (text: string): number => {
    const atMs = performance.now() - origin;
    events.push({ atMs, kind: 'drill', text });
    return atMs;
  };
  let struckMs: number | undefined;
  let healedMs: number | undefined;
  let failure: unknown;
  try {
    await pause(calmMs, stage.signal);
    stage.report(`breaking ${armed.target}`);
    probe.mark('fault');
    struckMs = note(`fault: ${title} (${armed.target})`);
    await armed.strike();
    if (drill.holdMs > 0) await pause(drill.holdMs, stage.signal);
  } catch (error) {
    failure = error;
  }
  try {
    stage.report(`healing ${armed.target}`);
    await armed.heal();
    probe.mark('healed');
    healedMs = note(drill.holdMs > 0 ? 'healed' : 'over');
    if (failure === undefined) await pause(drill.settleMs ?? settleMs, stage.signal);
  } catch (error) {
    failure ??= error;
  }
  const isHealed = healedMs !== undefined;
  const [stopped, sampled] = await Promise.allSettled([probe.stop(), sampler.stop()]);
  if (stage.signal.aborted)
    throw new InterruptedError(
      isHealed
        ? 'interrupted; what was broken is healed'
        : `interrupted; ${armed.target} could not be healed: it heals itself, or the next drill run heals it`,
    );
  if (stopped.status === 'rejected') return { ...notRun(failure ?? stopped.reason), target: armed.target };
  const { value: result } = stopped;
  const resources = sampled.status === 'fulfilled' ? sampled.value : [];
  if (failure !== undefined) return { ...notRun(failure), target: armed.target, probe: result };
  try {
    return await describe(drill, stage, load, {
      armed,
      struckMs: struckMs!,
      healedMs: healedMs!,
      events,
      result,
      resources,
    });
  } catch (error) {
    // One that can't be judged must not end a run of many.
    return { ...notRun(error), target: armed.target, probe: result };
  }
}

/** Why a drill came to nothing, for people; of a defect of ours also where it was. */
export function explainError(error: unknown): string {
  if (error instanceof UserError) return [error.message, ...error.details].join('; ');
  if (!(error instanceof Error)) return String(error);
  const where = error.stack?.split('\n').find((line) => line.trimStart().startsWith('at '));
  return `a defect of kawanan: ${error.message}${where === undefined ? '' : ` ${where.trim()}`}`;
}

interface Run {
  armed: ArmedFault;
  struckMs: number;
  healedMs: number;
  events: TimelineEvent[];
  result: ProbeResult;
  resources: ResourceSample[];
}

async function describe(
  drill: Drill,
  stage: Stage,
  load: DrillLoad,
  { armed, struckMs, healedMs, events, result, resources }: Run,
): Promise<DrillResult> {
  stage.report('reading what the machines saw');
  const originMs = Date.parse(result.startedAt);
  const [seenByBalancers, seenByEngines, holdings] = await Promise.all([
    readBalancerEvents(stage, originMs),
    readDockerEvents(stage, originMs, Date.now()),
    findHoldings(stage).catch((error: unknown) => {
      if (error instanceof UserError) return [];
      throw error;
    }),
  ]);
  const timeline = mergeTimeline(
    events,
    seenByBalancers,
    seenByEngines,
    describeFailures(result.records),
  ).filter(({ atMs }) => atMs >= 0);
  const after = (pattern: RegExp): number[] =>
    timeline.filter(({ text, atMs }) => atMs >= struckMs && pattern.test(text)).map(({ atMs }) => atMs);
  const uncounted = listUncounted(load, armed.machines ?? []);
  const records = result.records.filter(({ target }) => !uncounted.includes(target));
  const objectives = judgeDrill(drill.objectives, {
    records,
    ratePerSecond: load.ratePerSecond,
    struckMs,
    writes: load.targets.filter(isWrite).map(({ name }) => name),
    ...(holdings.length > 0 && { holdersAfter: holdings.map(({ holders }) => holders.length) }),
    takeoversMs: after(/Entering MASTER STATE/),
    serversDownMs: after(/Server \S+ is DOWN/),
  });
  const met = objectives.every((one) => one.met);
  const computer = { load: loadavg()[0]!, cores: availableParallelism() };
  return {
    number: drill.number,
    name: drill.name,
    title: drill.title,
    verdict: met ? 'met' : 'missed',
    target: armed.target,
    objectives,
    ...(uncounted.length > 0 && { uncounted }),
    ...(!met && { causes: explainMiss(records, timeline, { struckMs, computer }) }),
    struckMs,
    healedMs,
    timeline,
    probe: result,
    resources,
    load: computer.load,
  };
}

/** What is alone on a machine goes with it, and what depends on that, whatever anybody does. */
function listUncounted({ servedBy = {} }: DrillLoad, broken: readonly string[]): string[] {
  return Object.entries(servedBy)
    .filter(([, groups]) => groups.some((nodes) => nodes.every((node) => broken.includes(node))))
    .map(([target]) => target);
}

function isWrite(target: ProbeTarget): boolean {
  return target.kind === 'http' && !['GET', 'HEAD', undefined].includes(target.method);
}

/** Waits, unless the run is interrupted meanwhile. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {
    throw new InterruptedError('interrupted');
  });
}
