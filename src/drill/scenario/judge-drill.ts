/** Whether a drill's objectives were met. Pure. */
import type { ProbeRecord } from '../probe/record.ts';
import { type Figures, summarise } from '../probe/summarise.ts';
import type { Objective } from './drill.ts';

/** What was seen while a drill ran, as far as objectives ask. Times as in the probe's records. */
export interface Seen {
  records: ProbeRecord[];
  ratePerSecond: number;
  /** When the fault struck. */
  struckMs: number;
  /** Targets that change something, by name. */
  writes: string[];
  /** How many balancers held each virtual address once all was healed. */
  holdersAfter?: number[];
  /** When a balancer took the virtual address, after the fault. */
  takeoversMs: number[];
  /** When balancers marked a server down, after the fault. */
  serversDownMs: number[];
}

export interface JudgedObjective {
  /** `longest gap at most 350 ms`. */
  text: string;
  /** `269 ms`. */
  measured: string;
  met: boolean;
}

/**
 * Each objective with what was measured for it; one that nothing was measured for isn't met. Those of writes are left
 * out where the load is reads only, and the other way round.
 */
export function judgeDrill(objectives: Objective[], seen: Seen): JudgedObjective[] {
  return objectives
    .filter(
      (objective) => !('of' in objective) || seen.records.length === 0 || shareOf(seen, objective.of) > 0,
    )
    .map((objective) => judgeObjective(objective, seen));
}

function judgeObjective(objective: Objective, seen: Seen): JudgedObjective {
  switch (objective.figure) {
    case 'failed': {
      const { failed, requests } = figuresOf(seen, objective.of);
      return {
        text: `failed${nameGroup(objective.of)} at most ${objective.atMost}`,
        measured: `${failed} of ${requests}`,
        met: requests > 0 && failed <= objective.atMost,
      };
    }
    case 'failed seconds': {
      const { failed, requests } = figuresOf(seen, objective.of);
      const share = shareOf(seen, objective.of);
      // Half a request can't fail: of a slow stream one may always be under way.
      const atMost = Math.max(1, Math.ceil(objective.atMost * seen.ratePerSecond * share));
      return {
        text: `failed${nameGroup(objective.of)} at most ${atMost} (${objective.atMost} s of the load)`,
        measured: `${failed} of ${requests}`,
        met: requests > 0 && failed <= atMost,
      };
    }
    case 'longest gap': {
      const gap = figuresOf(seen).longestGap;
      return {
        text: `longest gap at most ${objective.atMostMs} ms`,
        measured: gap === null ? 'nothing' : `${Math.round(gap.ms)} ms`,
        met: gap !== null && gap.ms <= objective.atMostMs,
      };
    }
    case 'added latency': {
      const before = summarise(seen.records.filter(({ intendedMs }) => intendedMs < seen.struckMs));
      const worst = figuresOf(seen).latencyMs?.worst;
      const added =
        worst === undefined || before.latencyMs === null ? undefined : worst - before.latencyMs.p50;
      return {
        text: `worst latency at most ${objective.atMostMs} ms above the median before`,
        measured: added === undefined ? 'nothing' : `${Math.round(added)} ms`,
        met: added !== undefined && added <= objective.atMostMs,
      };
    }
    case 'holders after':
      return {
        text: `holders of the virtual address afterwards exactly ${objective.exactly}`,
        measured: seen.holdersAfter?.join(' and ') ?? 'unknown',
        met: seen.holdersAfter?.every((count) => count === objective.exactly) ?? false,
      };
    case 'takeovers':
      return {
        text: `takeovers at most ${objective.atMost}`,
        measured: String(seen.takeoversMs.length),
        met: seen.takeoversMs.length <= objective.atMost,
      };
    case 'detection': {
      const first =
        seen.serversDownMs.length === 0 ? undefined : Math.min(...seen.serversDownMs) - seen.struckMs;
      return {
        text: `marked down within ${objective.atMostMs} ms`,
        measured: first === undefined ? 'never' : `${Math.round(first)} ms`,
        met: first !== undefined && first <= objective.atMostMs,
      };
    }
  }
}

function figuresOf({ records, writes }: Seen, of?: 'reads' | 'writes'): Figures {
  return summarise(
    records.filter(({ target }) => of === undefined || writes.includes(target) === (of === 'writes')),
  );
}

function shareOf({ records, writes }: Seen, of?: 'reads' | 'writes'): number {
  if (of === undefined || records.length === 0) return 1;
  return (
    records.filter(({ target }) => writes.includes(target) === (of === 'writes')).length / records.length
  );
}

function nameGroup(of: 'reads' | 'writes' | undefined): string {
  return of === undefined ? '' : ` ${of}`;
}
