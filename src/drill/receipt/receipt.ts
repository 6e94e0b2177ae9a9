/** What clients noticed of a change: figures before and while it was made, held against a budget. Pure. */

import type { ProbeRecord } from '../probe/record.ts';
import { type Figures, summarise } from '../probe/summarise.ts';

/** What a change may cost. Absent: whatever it may be. */
export interface ReceiptBudget {
  /** Failed requests. */
  failed?: number;
  /** Longest time without a success. */
  gapMs?: number;
  /** 99 % of the latencies are below. */
  p99Ms?: number;
  /** All of them are. */
  worstMs?: number;
}

export interface Receipt {
  /** The command, such as `secrets rotate`. */
  what: string;
  /** Wall clock, ISO 8601, when the first request was due. */
  startedAt: string;
  ratePerSecond: number;
  /** Requests that were due before the change. */
  before: Figures;
  /** Requests that were due from its beginning on. */
  during: Figures;
  /** When requests failed during the change, first things first. */
  losses: Loss[];
  /** What went over the budget, a line each; none: it was kept. */
  missed: string[];
  /** Targets that nothing was sent to, for they didn't answer before the change either, with the reason. */
  unmeasured: string[];
}

/** Requests that failed closely one after the other. */
export interface Loss {
  /** Since the change began, by when requests were due. */
  fromMs: number;
  toMs: number;
  failed: number;
  /** How many of each kind, by name. */
  failures: Record<string, number>;
  /** Names of the targets, sorted. */
  targets: string[];
}

/** What is a second apart belongs to another loss. */
const apartMs = 1000;

/** Figures of the requests that were due before and from this moment on, and what of the budget they missed. */
export function writeReceipt(
  records: ProbeRecord[],
  beganMs: number,
  budget: ReceiptBudget,
): Pick<Receipt, 'before' | 'during' | 'losses' | 'missed'> {
  const isBefore = ({ intendedMs }: ProbeRecord): boolean => intendedMs < beganMs;
  const since = records.filter((record) => !isBefore(record));
  const during = summarise(since);
  return {
    before: summarise(records.filter(isBefore)),
    during,
    losses: groupLosses(since, beganMs),
    missed: holdAgainst(budget, during),
  };
}

function groupLosses(records: ProbeRecord[], beganMs: number): Loss[] {
  const failed = records
    .filter(({ failure }) => failure !== null)
    .toSorted((a, b) => a.intendedMs - b.intendedMs);
  const groups: ProbeRecord[][] = [];
  for (const record of failed) {
    const last = groups.at(-1);
    if (last && record.intendedMs - last.at(-1)!.intendedMs < apartMs) last.push(record);
    else groups.push([record]);
  }
  return groups.map((group) => ({
    fromMs: group[0]!.intendedMs - beganMs,
    toMs: group.at(-1)!.intendedMs - beganMs,
    failed: group.length,
    failures: summarise(group).failures,
    targets: [...new Set(group.map(({ target }) => target))].sort(),
  }));
}

function holdAgainst(budget: ReceiptBudget, { requests, failed, longestGap, latencyMs }: Figures): string[] {
  if (requests === 0) return ['no request was sent'];
  const limits: [what: string, measured: number, most: number | undefined, unit: string][] = [
    ['failed requests', failed, budget.failed, ''],
    ['longest gap', longestGap?.ms ?? 0, budget.gapMs, ' ms'],
    ['p99', latencyMs?.p99 ?? 0, budget.p99Ms, ' ms'],
    ['worst', latencyMs?.worst ?? 0, budget.worstMs, ' ms'],
  ];
  return limits.flatMap(([what, measured, most, unit]) =>
    most !== undefined && measured > most
      ? [`${what}: ${Number(measured.toFixed(1))}${unit}, at most ${most}${unit} allowed`]
      : [],
  );
}
